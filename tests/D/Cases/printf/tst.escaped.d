BEGIN
{
	printf("%S\n", "a\tb");
	exit(0);
}
