BEGIN
{
	@ = lquantize(-1, 0, 10, 5);
	@ = lquantize(10, 0, 10, 5);
	exit(0);
}
