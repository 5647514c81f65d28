BEGIN
{
	@ = count();
	printa("%@d things\n", @);
	exit(0);
}
