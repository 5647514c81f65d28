BEGIN
{
	@a["k"] = count();
	@b["k"] = sum(5);
	printa("%@d %@d %@d\n", @a, @b);
	exit(0);
}
