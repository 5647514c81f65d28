BEGIN
{
	@["a"] = sum(100);
	normalize(@, 7);
	exit(0);
}
