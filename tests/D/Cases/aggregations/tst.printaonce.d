BEGIN
{
	@["a"] = count();
	printa(@);
	exit(0);
}
