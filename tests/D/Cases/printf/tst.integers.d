BEGIN
{
	printf("%d %i\n", 5, -5);
	printf("%5d|\n", 5);
	printf("%-5d|\n", 5);
	printf("%05d\n", 5);
	printf("%+d\n", 5);
	printf("% d\n", 5);
	printf("%.3d\n", 5);
	exit(0);
}
