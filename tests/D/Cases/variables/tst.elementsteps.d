int x[string];
BEGIN
{
	x["a"]++;
	x["a"]++;
	++x["b"];
	x["a"] *= 10;
	x["c"]--;
	printf("%d %d %d\n", x["a"], x["b"], x["c"]);
	exit(0);
}
