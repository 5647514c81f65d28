BEGIN
{
	printf("%d\n", (uint8_t)300 + 1);
	printf("%d\n", (uint8_t)(300 + 1));
	printf("%d\n", -(int8_t)100);
	exit(0);
}
