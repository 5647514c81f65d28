BEGIN
{
	printf("%d\n", (uint8_t)255 + 1);
	printf("%d\n", (uint16_t)65535 + 1);
	printf("%d\n", -(uint8_t)1);
	printf("%d\n", ~(uint8_t)0);
	exit(0);
}
