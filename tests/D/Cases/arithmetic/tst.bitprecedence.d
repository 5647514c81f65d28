BEGIN
{
	printf("%d\n", 1 | 2 ^ 3 & 1);
	printf("%d\n", 4 & 6 == 6);
	exit(0);
}
