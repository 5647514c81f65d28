BEGIN
{
	@["a"] = sum(7);
	printa("%10s|%-10@d|%@10d|%010@d\n", @);
	exit(0);
}
