BEGIN
{
	@ = llquantize(5, 10, 0, 2, 10);
	@ = llquantize(15, 10, 0, 2, 10);
	@ = llquantize(250, 10, 0, 2, 10);
	exit(0);
}
