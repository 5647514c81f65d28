BEGIN
{
	@a = sum(5);
	@b = count();
	clear(@a);
	exit(0);
}
