BEGIN
{
	@ = quantize(-1);
	@ = quantize(0);
	@ = quantize(1);
	exit(0);
}
