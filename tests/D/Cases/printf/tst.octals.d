BEGIN
{
	printf("%o\n", -1);
	printf("%#o\n", 0);
	printf("%o\n", (uint8_t)255);
	exit(0);
}
