BEGIN
{
	@ = min(5);
	@ = min(3);
	@ = min(9);
	exit(0);
}
