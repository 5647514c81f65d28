BEGIN
{
	printf("%d\n", 1 & 1 == 1);
	printf("%d\n", (2 & 2) == 2);
	printf("%d\n", 2 | 1 == 1);
	printf("%d\n", 5 ^ 1 == 1);
	exit(0);
}
