BEGIN
{
	this->p = (int *)alloca(16);
	this->p[0] = 1;
	this->p[1] = 2;
	*(this->p + 2) = 3;
	printf("%d %d %d %d\n", *this->p, *(this->p + 1), this->p[2], this->p[3]);
	exit(0);
}
