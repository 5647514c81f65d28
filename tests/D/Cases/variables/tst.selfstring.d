self string s;
BEGIN
{
	printf("[%s]", self->s);
	self->s = "x";
	printf("[%s]\n", self->s);
	exit(0);
}
