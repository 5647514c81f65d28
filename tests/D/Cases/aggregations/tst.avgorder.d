BEGIN
{
	@["a"] = avg(10);
	@["b"] = avg(1);
	@["b"] = avg(3);
	exit(0);
}
