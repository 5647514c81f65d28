BEGIN
{
	printf("%d\n", sizeof (1));
	printf("%d\n", sizeof (1ll));
	printf("%d\n", sizeof (0xffffffff));
	printf("%d\n", sizeof (0x100000000));
	printf("%d\n", sizeof ('a'));
	exit(0);
}
