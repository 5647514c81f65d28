BEGIN
{
	self->a = 5;
	self->a = 0;
	printf("%d\n", self->a);
	exit(0);
}
