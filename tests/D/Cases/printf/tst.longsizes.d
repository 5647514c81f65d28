BEGIN
{
	printf("%ld\n", -5LL);
	printf("%lld\n", -5LL);
	printf("%lu\n", 5ULL);
	printf("%li\n", 7LL);
	printf("%lx\n", -1LL);
	printf("%llx\n", 255LL);
	printf("%lX\n", 255ULL);
	printf("%lo\n", 8ULL);
	exit(0);
}
