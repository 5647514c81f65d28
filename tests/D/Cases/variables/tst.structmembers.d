struct pair { uint8_t a; uint32_t b; char c[3]; };
BEGIN
{
	this->p = (struct pair *)alloca(sizeof (struct pair));
	this->p->a = 300;
	this->p->b = 70000;
	this->p->c[1] = 65;
	printf("%d %d %d\n", this->p->a, this->p->b, this->p->c[1]);
	exit(0);
}
