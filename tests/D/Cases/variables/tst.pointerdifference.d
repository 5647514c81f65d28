BEGIN
{
	this->p = (int *)alloca(16);
	this->q = this->p + 3;
	printf("%d %d\n", this->q - this->p, this->q > this->p);
	exit(0);
}
