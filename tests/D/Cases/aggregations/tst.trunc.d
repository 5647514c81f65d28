BEGIN
{
	@["a"] = count();
	trunc(@);
	exit(0);
}
