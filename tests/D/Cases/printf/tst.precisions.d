BEGIN
{
	printf("%.5d\n", -42);
	printf("%8.3d|\n", 5);
	printf("%-8.3d|\n", 5);
	printf("%.1d\n", 123);
	exit(0);
}
