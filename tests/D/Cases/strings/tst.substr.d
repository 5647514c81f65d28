BEGIN
{
	printf("%s\n", substr("iscsitop", 5));
	printf("%s\n", substr("iscsitop", 0, 5));
	printf("%s\n", substr("iscsitop", -3));
	printf("%s\n", substr("iscsitop", -3, 2));
	printf("%s\n", substr("iscsitop", 20));
	exit(0);
}
