BEGIN
{
	printf("%d\n", IDM_TRANSPORT_TYPE_ISER);
	printf("%d\n", IDM_TRANSPORT_TYPE_SOCKETS);
	exit(0);
}
