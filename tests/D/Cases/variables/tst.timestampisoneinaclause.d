BEGIN
{
	a = timestamp;
	b = timestamp;
	printf("%d\n", a == b);
	exit(0);
}
