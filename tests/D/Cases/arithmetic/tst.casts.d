BEGIN
{
	printf("%d\n", (int8_t)200);
	printf("%d\n", (uint8_t)-1);
	printf("%d\n", (int16_t)65535);
	printf("%u\n", (uint32_t)-1);
	printf("%d\n", (char)65);
	printf("%d\n", (int)0x100000001LL);
	exit(0);
}
