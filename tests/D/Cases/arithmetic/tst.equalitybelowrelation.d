BEGIN
{
	printf("%d\n", 1 < 2 == 2 > 1);
	printf("%d\n", 1 == 1 != 0);
	exit(0);
}
