BEGIN
{
	@b["x"] = count();
	@a["y"] = sum(5);
	exit(0);
}
