BEGIN
{
	@ = lquantize(5, 0, 20, 5, 3);
	@ = lquantize(10, 0, 20, 5, 1);
	exit(0);
}
