BEGIN
{
	setopt("aggsortkey");
	@[10] = sum(1);
	@[9] = sum(2);
	@[100] = sum(0);
	exit(0);
}
