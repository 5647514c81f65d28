BEGIN
{
	printf("%X\n", 48879);
	printf("%#X\n", 48879);
	printf("%#x\n", 0);
	printf("%#10x|\n", 255);
	printf("%-#10x|\n", 255);
	printf("%#08x\n", 255);
	exit(0);
}
