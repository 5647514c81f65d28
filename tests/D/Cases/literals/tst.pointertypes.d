BEGIN
{
	printf("%d\n", sizeof (char *));
	printf("%d\n", sizeof (int **));
	printf("%d\n", sizeof (caddr_t));
	printf("%d\n", sizeof (conninfo_t *));
	exit(0);
}
