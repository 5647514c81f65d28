BEGIN
{
	@ = quantize(1024);
	@ = quantize(2047);
	@ = quantize(2048);
	exit(0);
}
