typedef uint16_t tag_t;
tag_t t;
BEGIN
{
	t = 65537;
	printf("%d %d\n", t, sizeof (tag_t));
	exit(0);
}
