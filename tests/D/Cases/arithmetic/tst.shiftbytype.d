BEGIN
{
	printf("%d\n", (int64_t)1 << 33);
	printf("%d\n", 1 << 31);
	printf("%u\n", (uint32_t)1 << 31);
	printf("%d\n", (int8_t)-128 >> 1);
	exit(0);
}
