BEGIN
{
	printf("%x %X\n", 255, 255);
	printf("%#x\n", 255);
	printf("%o\n", 8);
	printf("%#o\n", 8);
	printf("%08x\n", 255);
	exit(0);
}
