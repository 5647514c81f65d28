BEGIN
{
	printf("%s\n", 1 ? "yes" : "no");
	printf("%s\n", 0 ? "yes" : "no");
	exit(0);
}
