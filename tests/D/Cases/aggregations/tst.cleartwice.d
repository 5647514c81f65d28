BEGIN
{
	@["a"] = sum(5);
	clear(@);
	@["a"] = sum(2);
	exit(0);
}
