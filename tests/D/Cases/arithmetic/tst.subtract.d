BEGIN
{
	printf("%d\n", 5 - 7);
	printf("%d\n", 5 - -7);
	exit(0);
}
