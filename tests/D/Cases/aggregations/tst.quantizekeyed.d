BEGIN
{
	@["a"] = quantize(4);
	@["b"] = quantize(8);
	exit(0);
}
