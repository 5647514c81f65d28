BEGIN
{
	@ = stddev(10);
	@ = stddev(20);
	exit(0);
}
