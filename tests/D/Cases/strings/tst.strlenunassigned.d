BEGIN
{
	printf("%d\n", strlen(NULL));
	exit(0);
}
