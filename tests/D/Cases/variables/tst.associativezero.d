BEGIN
{
	x[1] = 5;
	x[1] = 0;
	printf("%d\n", x[1]);
	x[1] = 6;
	printf("%d\n", x[1]);
	exit(0);
}
