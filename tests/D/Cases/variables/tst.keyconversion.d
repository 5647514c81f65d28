int x[uint8_t];
BEGIN
{
	x[1] = 5;
	printf("%d %d\n", x[257], x[1]);
	exit(0);
}
