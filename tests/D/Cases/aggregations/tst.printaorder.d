BEGIN
{
	@["x"] = sum(9);
	@["y"] = sum(3);
	printa("%s ", @);
	printf("\n");
	exit(0);
}
