uint8_t b;
int16_t s;
uint64_t l;
BEGIN
{
	b = 257;
	s = 40000;
	l = -1;
	printf("%d %d %u\n", b, s, l);
	exit(0);
}
