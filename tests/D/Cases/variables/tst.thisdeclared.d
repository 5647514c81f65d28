this uint8_t b;
this string s;
BEGIN
{
	this->b = 300;
	this->s = "x";
	printf("%d %s\n", this->b, this->s);
	exit(0);
}
