BEGIN
{
	printf("%s\n", strchr("iscsi", 's'));
	printf("%s\n", strrchr("iscsi", 's'));
	printf("%d\n", strchr("iscsi", 'x') == NULL);
	exit(0);
}
