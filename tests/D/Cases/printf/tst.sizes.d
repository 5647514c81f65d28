BEGIN
{
	printf("%ld\n", 5LL);
	printf("%lld\n", 5LL);
	printf("%hd\n", (short)5);
	printf("%hu\n", (uint16_t)65535);
	printf("%lx\n", 255LL);
	printf("%llu\n", 5ULL);
	exit(0);
}
