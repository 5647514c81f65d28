BEGIN
{
	@a["a"] = count();
	@b["b"] = count();
	printa(@a);
	exit(0);
}
