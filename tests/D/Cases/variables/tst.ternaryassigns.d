BEGIN
{
	x = 1 ? 4 : 5;
	1 ? (y = 7) : (y = 8);
	printf("%d %d\n", x, y);
	exit(0);
}
