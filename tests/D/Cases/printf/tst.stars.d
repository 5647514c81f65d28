BEGIN
{
	printf("%*d|\n", 5, 42);
	printf("%-*d|\n", 5, 42);
	printf("%.*s|\n", 2, "xyz");
	exit(0);
}
