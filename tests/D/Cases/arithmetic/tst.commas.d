BEGIN
{
	printf("%d\n", (1, 2));
	printf("%d\n", (x = 3, x + 1));
	exit(0);
}
