BEGIN
{
	@ = llquantize(15, 10, 0, 6, 20);
	@ = llquantize(17, 10, 0, 6, 20);
	@ = llquantize(5, 10, 0, 6, 20);
	exit(0);
}
