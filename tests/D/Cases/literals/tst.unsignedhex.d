BEGIN
{
	printf("%d\n", 0xffffffff > 0);
	printf("%d\n", 0x80000000 > 0);
	printf("%d\n", sizeof (0x80000000));
	printf("%d\n", sizeof (2147483648));
	printf("%d\n", sizeof (2147483647));
	exit(0);
}
