BEGIN
{
	@["a"] = quantize(2);
	printa("<%s>%@d\n", @);
	exit(0);
}
