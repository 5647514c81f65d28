BEGIN
{
	printf("%s\n", lltostr(-1, 16));
	printf("%s\n", lltostr(35, 36));
	printf("%s\n", lltostr(10, 2));
	printf("%s\n", lltostr(0, 16));
	printf("%s\n", lltostr(9223372036854775807));
	exit(0);
}
