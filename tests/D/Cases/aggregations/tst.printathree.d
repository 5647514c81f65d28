BEGIN
{
	@a["k"] = count();
	@b["k"] = sum(5);
	@c["j"] = max(7);
	printa("%s %@d %@d %@d\n", @a, @b, @c);
	exit(0);
}
