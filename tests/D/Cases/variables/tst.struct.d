struct pair { uint8_t a; uint32_t b; };
BEGIN
{
	printf("%d %d\n", sizeof (struct pair), offsetof(struct pair, b));
	exit(0);
}
