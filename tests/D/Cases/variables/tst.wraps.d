uint8_t b;
int16_t s;
BEGIN
{
	b = 255;
	b++;
	s = 32767;
	s += 1;
	printf("%d %d\n", b, s);
	exit(0);
}
