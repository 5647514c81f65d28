BEGIN
{
	printf("%u\n", (uint32_t)-2 / 2);
	printf("%u\n", (uint64_t)-2 / 2);
	printf("%d\n", (uint64_t)10 % 4);
	exit(0);
}
