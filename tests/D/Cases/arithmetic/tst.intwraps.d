BEGIN
{
	printf("%d\n", 0x7fffffff + 1);
	printf("%d\n", -2147483647 - 2);
	exit(0);
}
