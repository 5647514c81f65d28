BEGIN
{
	printf("%s\n", inet_ntop(AF_INET, alloca(4)));
	printf("%s\n", inet_ntoa((ipaddr_t *)alloca(4)));
	exit(0);
}
