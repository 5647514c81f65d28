BEGIN
{
	@ = lquantize(5, 0, 20, 5, 100);
	normalize(@, 50);
	exit(0);
}
