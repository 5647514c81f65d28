BEGIN
{
	self->a = 3;
	self->t["x"] = 4;
	printf("%d %d\n", self->a, self->t["x"]);
	exit(0);
}
