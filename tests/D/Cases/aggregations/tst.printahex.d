BEGIN
{
	@["a"] = sum(255);
	printa("%@x %@X %@o\n", @);
	exit(0);
}
