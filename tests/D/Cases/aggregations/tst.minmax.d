BEGIN
{
	@a = min(3);
	@a = min(-6);
	@b = max(3);
	@b = max(9);
	exit(0);
}
