BEGIN
{
	printf("%d\n", (int8_t)-1);
	printf("%d\n", (uint8_t)-1);
	printf("%d\n", (int16_t)-1);
	printf("%d\n", (uint16_t)-1);
	printf("%d\n", -1LL);
	printf("%d\n", (uint64_t)-1);
	exit(0);
}
