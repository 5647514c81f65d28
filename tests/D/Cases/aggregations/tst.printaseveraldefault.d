BEGIN
{
	@n["a"] = count();
	@s["a"] = sum(5);
	printa(@n, @s);
	exit(0);
}
