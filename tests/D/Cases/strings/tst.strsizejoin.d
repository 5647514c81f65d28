#pragma D option strsize=6
BEGIN
{
	printf("%s\n", strjoin("abcd", "efgh"));
	exit(0);
}
