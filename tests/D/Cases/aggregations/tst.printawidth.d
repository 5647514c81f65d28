BEGIN
{
	@["a"] = sum(42);
	printa("[%-5s|%@5d|%-@5d|%5@d]\n", @);
	exit(0);
}
