BEGIN
{
	printf("%d\n", -2147483648);
	printf("%d\n", -9223372036854775807LL - 1);
	printf("%u\n", 0xffffffffffffffff);
	printf("%d\n", 0x7fffffffffffffff);
	exit(0);
}
