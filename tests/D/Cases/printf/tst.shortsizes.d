BEGIN
{
	printf("%hd\n", (int16_t)-5);
	printf("%hi\n", (int16_t)5);
	printf("%hu\n", (uint16_t)5);
	printf("%hx\n", (uint16_t)255);
	printf("%ho\n", (uint16_t)8);
	exit(0);
}
