BEGIN
{
	printf("%s\n", lltostr(0));
	printf("%s\n", lltostr(-12));
	printf("%s\n", lltostr(255, 16));
	printf("%s\n", lltostr(8, 8));
	printf("%s\n", lltostr(5, 2));
	exit(0);
}
