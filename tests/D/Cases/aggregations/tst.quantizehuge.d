BEGIN
{
	@ = quantize(0x7fffffffffffffff);
	exit(0);
}
