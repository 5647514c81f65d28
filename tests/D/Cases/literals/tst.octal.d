BEGIN
{
	printf("%d\n", 010);
	printf("%d\n", 0);
	printf("%d\n", 0777);
	exit(0);
}
