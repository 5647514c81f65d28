BEGIN
{
	printf("%d\n", index("abcabc", "abc", 1));
	printf("%d\n", index("abc", "", 1));
	printf("%d\n", rindex("abcabc", "abc"));
	printf("%d\n", rindex("abcabc", "abc", 2));
	printf("%d\n", rindex("abc", "z"));
	printf("%d\n", index("", "a"));
	exit(0);
}
