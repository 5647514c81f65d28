BEGIN
{
	printf("%d\n", 1 || 0 && 0);
	printf("%d\n", (1 || 0) && 0);
	printf("%d\n", 1 || 1 ^^ 1);
	exit(0);
}
