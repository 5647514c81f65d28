BEGIN
{
	printf("%d\n", strlen("a\tb"));
	printf("%d\n", strlen("\\"));
	printf("%d\n", strlen("\x41"));
	printf("%d\n", strlen("\""));
	exit(0);
}
