BEGIN
{
	printf("%d\n", sizeof (unsigned char));
	printf("%d\n", sizeof (signed char));
	printf("%d\n", sizeof (unsigned short));
	printf("%d\n", sizeof (short int));
	printf("%d\n", sizeof (unsigned int));
	printf("%d\n", sizeof (long int));
	printf("%d\n", sizeof (long unsigned int));
	printf("%d\n", sizeof (unsigned long long));
	printf("%d\n", sizeof (long long unsigned));
	printf("%d\n", sizeof (const int));
	exit(0);
}
