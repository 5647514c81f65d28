BEGIN
{
	printf("%d\n", sizeof (1 == 1));
	printf("%d\n", sizeof (1LL == 1LL));
	printf("%d\n", sizeof (!1LL));
	printf("%d\n", (1 == 1) + (2 == 2));
	exit(0);
}
