BEGIN
{
	@ = quantize(4, -1);
	@ = quantize(8, 3);
	exit(0);
}
