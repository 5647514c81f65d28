uint8_t b;
BEGIN
{
	printf("%d\n", b = 300);
	exit(0);
}
