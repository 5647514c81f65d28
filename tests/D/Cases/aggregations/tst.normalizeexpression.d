BEGIN
{
	n = 5;
	@ = sum(100);
	normalize(@, n * 2);
	exit(0);
}
