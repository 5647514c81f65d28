BEGIN
{
	printf("%c\n", 65);
	printf("%c%c\n", 'a', 'b');
	exit(0);
}
