BEGIN
{
	printf("%d\n", 0xffffffff > 0);
	printf("%d\n", (int)0xffffffff < 0);
	printf("%d\n", -1 > 0xffffffffULL);
	printf("%d\n", -1LL < 0xffffffff);
	exit(0);
}
