BEGIN
{
	printf("%d\n", -1 < 1);
	printf("%d\n", (int8_t)-1 < 1);
	exit(0);
}
