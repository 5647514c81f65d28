BEGIN
{
	printf("%d\n", 1u);
	printf("%d\n", 1l);
	printf("%d\n", 1ul);
	printf("%d\n", 1ll);
	printf("%d\n", 1ull);
	printf("%d\n", 1UL);
	printf("%d\n", 1ULL);
	exit(0);
}
