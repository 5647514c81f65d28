BEGIN
{
	printf("%d\n", index("iscsi", "s"));
	printf("%d\n", index("iscsi", "si"));
	printf("%d\n", index("iscsi", "x"));
	printf("%d\n", index("iscsi", "s", 2));
	printf("%d\n", rindex("iscsi", "s"));
	printf("%d\n", rindex("iscsi", "s", 2));
	exit(0);
}
