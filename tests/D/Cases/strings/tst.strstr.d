BEGIN
{
	printf("%s\n", strstr("iscsitop", "top"));
	printf("%s\n", strstr("iscsitop", ""));
	printf("%d\n", strstr("iscsitop", "pot") == NULL);
	exit(0);
}
