BEGIN
{
	this->a = 3;
	this->b = this->a * 2;
	printf("%d\n", this->b);
	exit(0);
}
