BEGIN
{
	printf("%s\n", substr("abcdef", 2, 2));
	printf("%s\n", substr("abcdef", 0, 0));
	printf("%s\n", substr("abcdef", 1, -1));
	printf("%s\n", substr("abcdef", -2, 1));
	printf("%s\n", substr("abcdef", 4, 99));
	printf("%s\n", substr("abcdef", 6));
	exit(0);
}
