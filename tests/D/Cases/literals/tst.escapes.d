BEGIN
{
	printf("a\tb\n");
	printf("quote \" backslash \\ percent %%\n");
	printf("\101\x42\103\n");
	exit(0);
}
