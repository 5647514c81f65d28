BEGIN
{
	printf("%d\n", '\a');
	printf("%d\n", '\b');
	printf("%d\n", '\t');
	printf("%d\n", '\n');
	printf("%d\n", '\v');
	printf("%d\n", '\f');
	printf("%d\n", '\r');
	printf("%d\n", '\\');
	printf("%d\n", '\'');
	printf("%d\n", '"');
	printf("%d\n", '\x7f');
	printf("%d\n", '\7');
	exit(0);
}
