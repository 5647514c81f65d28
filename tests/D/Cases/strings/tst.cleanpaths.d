BEGIN
{
	printf("%s\n", cleanpath("/a//b/./c"));
	printf("%s\n", cleanpath("/a/../../b"));
	printf("%s\n", cleanpath("/"));
	exit(0);
}
