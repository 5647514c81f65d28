BEGIN
{
	printf("%d\n", sizeof (char));
	printf("%d\n", sizeof (short));
	printf("%d\n", sizeof (int));
	printf("%d\n", sizeof (long));
	printf("%d\n", sizeof (long long));
	printf("%d\n", sizeof (uint8_t));
	printf("%d\n", sizeof (uint16_t));
	printf("%d\n", sizeof (uint32_t));
	printf("%d\n", sizeof (uint64_t));
	printf("%d\n", sizeof (uintptr_t));
	printf("%d\n", sizeof (void *));
	printf("%d\n", sizeof (unsigned));
	printf("%d\n", sizeof (unsigned long));
	exit(0);
}
