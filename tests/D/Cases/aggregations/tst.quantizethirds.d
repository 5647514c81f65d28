BEGIN
{
	@ = quantize(1);
	@ = quantize(4);
	@ = quantize(16);
	exit(0);
}
