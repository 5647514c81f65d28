self int8_t a;
BEGIN
{
	self->a = 200;
	printf("%d\n", self->a);
	exit(0);
}
