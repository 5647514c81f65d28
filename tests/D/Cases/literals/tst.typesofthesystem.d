BEGIN
{
	printf("%d\n", sizeof (uchar_t));
	printf("%d\n", sizeof (ushort_t));
	printf("%d\n", sizeof (uint_t));
	printf("%d\n", sizeof (ulong_t));
	printf("%d\n", sizeof (longlong_t));
	printf("%d\n", sizeof (size_t));
	printf("%d\n", sizeof (pid_t));
	printf("%d\n", sizeof (time_t));
	exit(0);
}
