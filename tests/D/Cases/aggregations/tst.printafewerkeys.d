BEGIN
{
	@["a", 5] = count();
	printa("%s %@d\n", @);
	exit(0);
}
