self int t[int, int];
BEGIN
{
	self->t[1, 2] = 3;
	self->t[2, 1]++;
	printf("%d %d %d\n", self->t[1, 2], self->t[2, 1], self->t[0, 0]);
	exit(0);
}
