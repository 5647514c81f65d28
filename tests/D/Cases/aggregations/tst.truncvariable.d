BEGIN
{
	n = 1;
	@["a"] = sum(1);
	@["b"] = sum(2);
	trunc(@, n);
	exit(0);
}
