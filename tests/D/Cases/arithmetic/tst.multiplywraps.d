BEGIN
{
	printf("%d\n", 0x10000 * 0x8000);
	printf("%u\n", (uint32_t)0x10000 * 0x10000);
	printf("%d\n", (uint64_t)0x100000000 * 0x100000000);
	exit(0);
}
