BEGIN
{
	printf("%d\n", 1 < 2);
	printf("%d\n", 2 <= 2);
	printf("%d\n", 3 > 4);
	printf("%d\n", 4 >= 4);
	printf("%d\n", 1 == 1);
	printf("%d\n", 1 != 1);
	exit(0);
}
