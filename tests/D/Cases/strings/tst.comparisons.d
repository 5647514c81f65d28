BEGIN
{
	printf("%d\n", "abc" < "abd");
	printf("%d\n", "abc" < "ab");
	printf("%d\n", "a" >= "a");
	printf("%d\n", "a" > "");
	printf("%d\n", "Z" < "a");
	printf("%d\n", "10" < "9");
	exit(0);
}
