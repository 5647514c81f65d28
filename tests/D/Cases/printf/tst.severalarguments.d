BEGIN
{
	printf("%s=%d,%x\n", "a", 10, 10);
	printf("%d%d%d\n", 1, 2, 3);
	exit(0);
}
