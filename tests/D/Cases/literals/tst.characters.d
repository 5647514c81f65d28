BEGIN
{
	printf("%d\n", 'a');
	printf("%d\n", '\n');
	printf("%d\n", '\0');
	printf("%d\n", '\x41');
	printf("%d\n", '\101');
	exit(0);
}
