BEGIN
{
	printf("%d\n", strlen(""));
	printf("%d\n", strlen("iscsi"));
	exit(0);
}
