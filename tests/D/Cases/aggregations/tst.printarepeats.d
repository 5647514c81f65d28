BEGIN
{
	@["a"] = count();
	printa("%@d %@d\n", @);
	exit(0);
}
