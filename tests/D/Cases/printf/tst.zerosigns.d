BEGIN
{
	printf("%+5d\n", 5);
	printf("%05d\n", -5);
	printf("%+05d\n", 5);
	printf("% 5d\n", 5);
	printf("%-+5d|\n", 5);
	exit(0);
}
