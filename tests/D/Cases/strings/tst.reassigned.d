BEGIN
{
	s = "long enough";
	s = "x";
	printf("[%s]%d\n", s, strlen(s));
	exit(0);
}
