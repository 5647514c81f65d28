BEGIN
{
	printf("%u\n", (uint32_t)0 - 1);
	printf("%d\n", (uint32_t)0xffffffff + 1);
	exit(0);
}
