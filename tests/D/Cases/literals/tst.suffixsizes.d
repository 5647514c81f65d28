BEGIN
{
	printf("%d\n", sizeof (1u));
	printf("%d\n", sizeof (1l));
	printf("%d\n", sizeof (1ul));
	printf("%d\n", sizeof (1ull));
	printf("%d\n", sizeof (1L));
	exit(0);
}
