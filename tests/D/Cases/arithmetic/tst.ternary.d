BEGIN
{
	printf("%d\n", 1 ? 2 : 3);
	printf("%d\n", 0 ? 2 : 3);
	printf("%d\n", 0 ? 1 : 0 ? 2 : 3);
	printf("%d\n", 1 ? 0 ? 4 : 5 : 6);
	exit(0);
}
