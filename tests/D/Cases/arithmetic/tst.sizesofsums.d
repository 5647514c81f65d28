BEGIN
{
	printf("%d\n", sizeof ((char)1 + (char)1));
	printf("%d\n", sizeof (1 + 1LL));
	printf("%d\n", sizeof ((uint8_t)1 << 1));
	printf("%d\n", sizeof (1 << 1LL));
	printf("%d\n", sizeof (1 ? 1 : 1LL));
	exit(0);
}
