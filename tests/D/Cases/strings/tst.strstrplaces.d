BEGIN
{
	printf("%s\n", strstr("abcabc", "ca"));
	printf("%s\n", strstr("aab", "ab"));
	printf("%s\n", strstr("", ""));
	exit(0);
}
