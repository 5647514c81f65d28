BEGIN
{
	@["a"] = lquantize(5, 0, 20, 5);
	@["b"] = lquantize(5, 0, 20, 5);
	exit(0);
}
