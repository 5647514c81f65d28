BEGIN
{
	printf("%d\n", sizeof (char [10]));
	printf("%d\n", sizeof (int [10]));
	printf("%d\n", sizeof (uint16_t [2][3]));
	exit(0);
}
