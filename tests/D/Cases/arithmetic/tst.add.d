BEGIN
{
	printf("%d\n", 1 + 2);
	printf("%d\n", -5 + 2);
	printf("%d\n", 0x7fffffff + 0);
	exit(0);
}
