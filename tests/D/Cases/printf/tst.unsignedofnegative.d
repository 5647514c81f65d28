BEGIN
{
	printf("%u\n", -1);
	printf("%u\n", (int8_t)-1);
	printf("%u\n", (int16_t)-1);
	printf("%u\n", -1LL);
	exit(0);
}
