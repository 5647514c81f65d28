BEGIN
{
	@["a"] = quantize(2);
	printa(@);
	exit(0);
}
