BEGIN
{
	@["a"] = count();
	trunc(@, 0);
	exit(0);
}
