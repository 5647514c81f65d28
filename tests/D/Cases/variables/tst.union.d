union u { uint32_t whole; uint8_t part[4]; };
BEGIN
{
	this->u = (union u *)alloca(sizeof (union u));
	this->u->whole = 0x01020304;
	printf("%d %d %d\n", this->u->part[0], this->u->part[3], sizeof (union u));
	exit(0);
}
