BEGIN
{
	printf("%%%d%%\n", 7);
	printf("100%% %s\n", "sure");
	exit(0);
}
