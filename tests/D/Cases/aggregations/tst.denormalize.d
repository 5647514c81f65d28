BEGIN
{
	@["a"] = sum(100);
	normalize(@, 7);
	denormalize(@);
	exit(0);
}
