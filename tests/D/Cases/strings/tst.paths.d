BEGIN
{
	printf("%s\n", basename("/a/b/c"));
	printf("%s\n", basename("/a/b/"));
	printf("%s\n", basename("/"));
	printf("%s\n", dirname("/a/b/c"));
	printf("%s\n", dirname("c"));
	printf("%s\n", dirname("/c"));
	printf("%s\n", cleanpath("/a/./b/../c"));
	exit(0);
}
