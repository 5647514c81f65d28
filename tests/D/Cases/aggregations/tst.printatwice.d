BEGIN
{
	@["a"] = count();
	printa(@);
	printa(@);
	exit(0);
}
