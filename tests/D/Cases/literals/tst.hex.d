BEGIN
{
	printf("%d\n", 0xff);
	printf("%d\n", 0XFF);
	printf("%d\n", 0xAf);
	exit(0);
}
