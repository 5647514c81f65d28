string s[int, string];
BEGIN
{
	s[1, "a"] = "x";
	s[1, "b"] = "y";
	s[1, "a"] = NULL;
	printf("%s%s|\n", s[1, "a"], s[1, "b"]);
	exit(0);
}
