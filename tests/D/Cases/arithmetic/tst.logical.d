BEGIN
{
	printf("%d\n", 1 && 2);
	printf("%d\n", 1 && 0);
	printf("%d\n", 0 || 3);
	printf("%d\n", 0 || 0);
	exit(0);
}
