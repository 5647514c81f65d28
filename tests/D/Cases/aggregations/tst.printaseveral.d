BEGIN
{
	@n["a"] = count();
	@s["a"] = sum(5);
	@s["b"] = sum(7);
	printa("%s %@d %@d\n", @n, @s);
	exit(0);
}
