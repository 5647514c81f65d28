BEGIN
{
	@ = avg(100);
	@ = avg(200);
	normalize(@, 10);
	exit(0);
}
