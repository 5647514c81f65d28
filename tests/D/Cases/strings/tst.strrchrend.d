BEGIN
{
	printf("%s\n", strrchr("a/b/c", '/'));
	printf("%s\n", strchr("a/b/c", '/'));
	printf("%d\n", strrchr("abc", 'x') == NULL);
	exit(0);
}
