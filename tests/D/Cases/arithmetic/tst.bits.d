BEGIN
{
	printf("%d\n", 6 & 3);
	printf("%d\n", 6 | 3);
	printf("%d\n", 6 ^ 3);
	printf("%x\n", 0xf0f0 & ~0xff);
	exit(0);
}
