BEGIN
{
	printf("%d\n", 1 + 2 * 3);
	printf("%d\n", (1 + 2) * 3);
	printf("%d\n", 10 - 4 - 3);
	printf("%d\n", 2 * 3 % 4);
	printf("%d\n", 1 << 2 + 1);
	exit(0);
}
