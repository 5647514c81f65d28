BEGIN
{
	@[(char)1, (short)2, 3, 4LL, "s"] = count();
	exit(0);
}
