BEGIN
{
	printf("%u\n", (uint32_t)4000000000);
	printf("%d\n", (uint32_t)4000000000);
	printf("%u\n", 5);
	exit(0);
}
