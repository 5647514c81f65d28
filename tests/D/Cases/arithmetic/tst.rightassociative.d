BEGIN
{
	printf("%d\n", - - -3);
	printf("%d\n", !~-1);
	printf("%d\n", 1 ? 2 : 0 ? 3 : 4);
	printf("%d\n", ~~7);
	exit(0);
}
