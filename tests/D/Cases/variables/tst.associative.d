BEGIN
{
	x["a", 1] = 5;
	x["a", 2] = 6;
	x["b", 1] = 7;
	printf("%d %d %d %d\n", x["a", 1], x["a", 2], x["b", 1], x["b", 2]);
	exit(0);
}
