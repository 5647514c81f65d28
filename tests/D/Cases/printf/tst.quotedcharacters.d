BEGIN
{
	printf("%C\n", 'a');
	printf("%C\n", '\n');
	printf("%C\n", 1);
	exit(0);
}
