BEGIN
{
	printf("%d\n", -1 + (uint32_t)0);
	printf("%d\n", (int64_t)-1 + (uint32_t)1);
	printf("%u\n", -1LL + 0ULL);
	exit(0);
}
