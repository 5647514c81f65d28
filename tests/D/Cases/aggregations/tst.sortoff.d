BEGIN
{
	setopt("aggsortkey");
	setopt("aggsortkey", "off");
	@["a"] = sum(2);
	@["b"] = sum(1);
	exit(0);
}
