BEGIN
{
	printf("%d\n", 100 / 10 / 5);
	printf("%d\n", 100 / (10 / 5));
	printf("%d\n", 2 - 3 + 4);
	printf("%d\n", 64 >> 2 >> 1);
	printf("%d\n", 1 < 2 < 3);
	printf("%d\n", 3 > 2 > 1);
	exit(0);
}
