BEGIN
{
	printf("%3c|\n", 'a');
	printf("%-3c|\n", 'a');
	printf("%c\n", (uint8_t)66);
	printf("%c\n", 0x141);
	exit(0);
}
