BEGIN
{
	printf("%20d|\n", 5);
	printf("%-20s|\n", "x");
	exit(0);
}
