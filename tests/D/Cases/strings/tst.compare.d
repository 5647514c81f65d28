BEGIN
{
	printf("%d\n", "a" == "a");
	printf("%d\n", "a" == "b");
	printf("%d\n", "a" < "b");
	printf("%d\n", "b" > "a");
	printf("%d\n", "a" <= "a");
	printf("%d\n", "a" != "b");
	printf("%d\n", "" < "a");
	printf("%d\n", "ab" > "a");
	exit(0);
}
