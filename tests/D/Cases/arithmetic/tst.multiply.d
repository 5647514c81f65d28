BEGIN
{
	printf("%d\n", 6 * 7);
	printf("%d\n", -6 * 7);
	printf("%d\n", 65536 * 65536);
	printf("%d\n", 65536LL * 65536);
	exit(0);
}
