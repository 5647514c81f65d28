BEGIN
{
	@["a"] = count();
	printa("%s\n", @);
	exit(0);
}
