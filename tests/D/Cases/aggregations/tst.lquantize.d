BEGIN
{
	@ = lquantize(5, 0, 30, 10);
	@ = lquantize(15, 0, 30, 10);
	@ = lquantize(15, 0, 30, 10);
	@ = lquantize(-1, 0, 30, 10);
	exit(0);
}
