BEGIN
{
	printf("%x\n", 'ab');
	printf("%x\n", 'abcd');
	exit(0);
}
