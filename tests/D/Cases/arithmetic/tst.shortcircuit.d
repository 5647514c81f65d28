int zero;
BEGIN
{
	printf("%d %d %d\n", 0 && 1 / zero, 1 || 1 / zero, zero ? 1 / zero : 5);
	exit(0);
}
