BEGIN
{
	@["a", 5] = count();
	printa("%s-%d-%@d\n", @);
	exit(0);
}
