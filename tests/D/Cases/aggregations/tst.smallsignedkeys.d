BEGIN
{
	@[(char)-2] = count();
	exit(0);
}
