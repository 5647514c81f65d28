BEGIN
{
	@["a"] = count();
	printa("%s: 100%%\n", @);
	exit(0);
}
