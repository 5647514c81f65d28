BEGIN
{
	printf("%s\n", toupper("iScsi-1"));
	printf("%s\n", tolower("IsCSI-1"));
	exit(0);
}
