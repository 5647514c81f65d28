BEGIN
{
	x = 5;
	x = x + 1;
	printf("%d\n", x);
	exit(0);
}
