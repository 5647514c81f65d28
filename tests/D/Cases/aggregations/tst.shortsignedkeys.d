BEGIN
{
	@[(short)-2] = count();
	exit(0);
}
