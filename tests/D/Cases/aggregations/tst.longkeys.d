BEGIN
{
	@[90LL] = sum(90);
	exit(0);
}
