BEGIN
{
	printf("%s\n", toupper("abcxyzABC019-_"));
	printf("%s\n", tolower("ABCXYZabc019"));
	printf("%s\n", toupper(""));
	exit(0);
}
