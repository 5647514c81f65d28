BEGIN
{
	a = 1, b = 2;
	printf("%d %d\n", a, b);
	exit(0);
}
