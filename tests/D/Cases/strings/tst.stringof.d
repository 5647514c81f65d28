BEGIN
{
	printf("%s\n", stringof("x"));
	exit(0);
}
