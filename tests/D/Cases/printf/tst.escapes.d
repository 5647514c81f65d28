BEGIN
{
	printf("%S\n", "a\n\"b\\");
	printf("%S\n", "\001");
	printf("%S\n", "plain");
	exit(0);
}
