BEGIN
{
	printf("%.3s|\n", "abcdef");
	printf("%-6.2s|\n", "abc");
	printf("%6.10s|\n", "abc");
	printf("%s|\n", "");
	printf("%3s|\n", NULL == 0 ? "" : "x");
	exit(0);
}
