string s;
BEGIN
{
	printf("[%s]%d%d\n", s, s == NULL, s == "");
	exit(0);
}
