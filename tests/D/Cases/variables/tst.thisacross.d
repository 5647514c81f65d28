BEGIN
{
	this->a = 3;
}

BEGIN
{
	printf("%d\n", this->a);
	exit(0);
}
