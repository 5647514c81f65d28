BEGIN
{
	@ = sum((uint32_t)4000000000);
	exit(0);
}
