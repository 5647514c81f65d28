BEGIN
{
	@z = count();
	@a = sum(7);
	exit(0);
}
