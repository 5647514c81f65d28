BEGIN
{
	@ = llquantize(150, 10, 2, 4, 10);
	@ = llquantize(50, 10, 2, 4, 10);
	exit(0);
}
