BEGIN
{
	printf("%d\n", DTRACEFLT_UNKNOWN);
	printf("%d\n", DTRACEFLT_BADADDR);
	printf("%d\n", DTRACEFLT_BADALIGN);
	printf("%d\n", DTRACEFLT_ILLOP);
	printf("%d\n", DTRACEFLT_DIVZERO);
	printf("%d\n", DTRACEFLT_NOSCRATCH);
	exit(0);
}
