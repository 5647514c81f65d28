BEGIN
{
	printf("%d\n", 7 / 2);
	printf("%d\n", -7 / 2);
	printf("%d\n", 7 / -2);
	printf("%u\n", 0xfffffffe / 2);
	exit(0);
}
