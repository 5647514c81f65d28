BEGIN
{
	@["a"] = count();
	trunc(@);
	@["b"] = count();
	exit(0);
}
