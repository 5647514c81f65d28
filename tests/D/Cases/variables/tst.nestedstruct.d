struct in { int a; int b; };
struct out { char c; struct in i; };
BEGIN
{
	this->o = (struct out *)alloca(sizeof (struct out));
	this->o->i.b = 9;
	printf("%d %d %d\n", this->o->i.b, offsetof(struct out, i), sizeof (struct out));
	exit(0);
}
