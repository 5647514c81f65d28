BEGIN
{
	printf("%d\n", NULL == 0);
	printf("%d\n", NULL == (void *)0);
	printf("%d\n", "" == NULL);
	printf("%d\n", "a" != NULL);
	exit(0);
}
