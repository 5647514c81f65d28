BEGIN
{
	printf("%ld\n", 5LL);
	printf("%lld\n", 5LL);
	printf("%hd\n", 5);
	printf("%lx\n", 255);
	exit(0);
}
