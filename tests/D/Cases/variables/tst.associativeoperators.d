BEGIN
{
	x[1] = 0;
	x[1]++;
	x[1] += 5;
	printf("%d\n", x[1]);
	exit(0);
}
