BEGIN
{
	printf("%d\n", 7 % 3);
	printf("%d\n", -7 % 3);
	printf("%d\n", 7 % -3);
	exit(0);
}
