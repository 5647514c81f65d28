string names[int];
BEGIN
{
	names[3] = "three";
	printf("%s %d\n", names[3], names[4] == NULL);
	exit(0);
}
