BEGIN
{
	printf("%d\n", sizeof 1);
	printf("%d\n", sizeof (x = 5LL));
	printf("%d\n", sizeof timestamp);
	printf("%d\n", sizeof pid);
	exit(0);
}
