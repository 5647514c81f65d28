BEGIN
{
	this->a = (uint8_t *)alloca(4);
	this->b = (uint8_t *)alloca(4);
	this->a[2] = 7;
	bcopy(this->a, this->b, 4);
	printf("%d\n", this->b[2]);
	exit(0);
}
