BEGIN
{
	printf("%d\n", 0x7fffffffLL + 1);
	printf("%d\n", (int64_t)0x7fffffff + 1);
	exit(0);
}
