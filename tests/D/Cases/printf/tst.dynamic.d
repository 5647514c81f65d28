BEGIN
{
	printf("%*d|\n", -5, 42);
	printf("%0*d\n", 5, 42);
	printf("%.*d\n", 4, 42);
	printf("%*.*d|\n", 6, 3, 5);
	printf("%-*s|\n", 4, "a");
	exit(0);
}
