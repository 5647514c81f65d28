BEGIN
{
	1 ? printf("yes\n") : 1;
	0 ? printf("no\n") : printf("else\n");
	0 ? @a = count() : 1;
	1 ? @b = count() : 1;
	exit(0);
}
