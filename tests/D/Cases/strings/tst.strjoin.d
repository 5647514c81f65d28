BEGIN
{
	printf("%s\n", strjoin("a", "b"));
	printf("%s\n", strjoin("", ""));
	printf("%s\n", strjoin(strjoin("a", "b"), "c"));
	exit(0);
}
