BEGIN
{
	@ = sum(100);
	normalize(@, 10);
	@ = sum(100);
	exit(0);
}
