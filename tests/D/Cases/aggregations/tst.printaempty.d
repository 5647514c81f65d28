BEGIN
{
	@["a"] = count();
	trunc(@);
	printa(@);
	exit(0);
}
