BEGIN
{
	printf("%p\n", (void *)255);
	printf("%p\n", 255);
	exit(0);
}
