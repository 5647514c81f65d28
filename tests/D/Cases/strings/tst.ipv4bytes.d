BEGIN
{
	this->a = (uint8_t *)alloca(4);
	this->a[0] = 192;
	this->a[2] = 2;
	this->a[3] = 14;
	printf("%s %s\n", inet_ntop(AF_INET, this->a), inet_ntoa((ipaddr_t *)this->a));
	exit(0);
}
