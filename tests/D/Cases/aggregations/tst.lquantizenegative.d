BEGIN
{
	@ = lquantize(-15, -20, 20, 10);
	@ = lquantize(15, -20, 20, 10);
	@ = lquantize(-25, -20, 20, 10);
	exit(0);
}
