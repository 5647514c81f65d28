BEGIN
{
	@["a"] = count();
	trunc(@, 5);
	exit(0);
}
