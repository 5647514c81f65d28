#pragma D option aggsortrev

BEGIN
{
	@a["x"] = count();
	@b["y"] = sum(5);
	exit(0);
}
