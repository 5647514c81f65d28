BEGIN
{
	printf("%s\n", strjoin("x", lltostr(5)));
	printf("%s\n", strjoin("a", 1 ? "b" : "c"));
	printf("%d\n", strlen(strjoin("abc", "de")));
	exit(0);
}
