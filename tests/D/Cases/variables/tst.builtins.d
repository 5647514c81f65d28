BEGIN
{
	printf("%d %d %d %s %d %d\n", cpu, epid, id, execname, errno, arg0);
	exit(0);
}
