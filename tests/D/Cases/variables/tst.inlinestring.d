inline string greet[string who] = strjoin("hello ", who);
BEGIN
{
	printf("%s\n", greet["x"]);
	exit(0);
}
