BEGIN
{
	printf("%d\n", ((((7)))));
	printf("%d\n", -(2 + 3) * (4 - 1));
	exit(0);
}
