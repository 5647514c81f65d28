BEGIN
{
	printf("%s\n", "x");
	printf("%5s|\n", "x");
	printf("%-5s|\n", "x");
	printf("%.2s|\n", "xyz");
	printf("%5.1s|\n", "xyz");
	exit(0);
}
