BEGIN
{
	setopt("aggsortpos", "1");
	@a["x"] = sum(2);
	@a["y"] = sum(1);
	@b["x"] = sum(1);
	@b["y"] = sum(2);
	printa("%s %@d %@d\n", @a, @b);
	exit(0);
}
