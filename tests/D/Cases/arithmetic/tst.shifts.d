BEGIN
{
	printf("%d\n", 1 << 4);
	printf("%d\n", 256 >> 4);
	printf("%d\n", -16 >> 2);
	printf("%u\n", 0xf0000000 >> 28);
	printf("%d\n", 1LL << 40);
	exit(0);
}
