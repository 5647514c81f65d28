BEGIN
{
	@["b"] = count();
	@["b"] = count();
	@["a"] = count();
	exit(0);
}
