BEGIN
{
	printf("%s\n", dirname(""));
	printf("%s\n", dirname("/"));
	printf("%s\n", dirname("a/b"));
	printf("%s\n", dirname("/a/b/"));
	printf("%s\n", dirname("a/"));
	exit(0);
}
