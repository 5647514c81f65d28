BEGIN
{
	printf("%d\n", -1 < (uint32_t)1);
	printf("%d\n", (uint64_t)-1 > 1);
	exit(0);
}
