BEGIN
{
	x["a", "b"] = 1;
	x["ab", ""] = 2;
	printf("%d%d%d\n", x["a", "b"], x["ab", ""], x["", "ab"]);
	exit(0);
}
