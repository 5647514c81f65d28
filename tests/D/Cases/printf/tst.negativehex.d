BEGIN
{
	printf("%x\n", -1);
	printf("%x\n", (int8_t)-1);
	printf("%x\n", -1LL);
	exit(0);
}
