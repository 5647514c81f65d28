BEGIN
{
	@ = sum(100);
	normalize(@, 10);
	normalize(@, 4);
	exit(0);
}
