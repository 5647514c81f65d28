BEGIN
{
	printf("%u\n", (unsigned long long)-1);
	printf("%u\n", 18446744073709551615ULL);
	exit(0);
}
