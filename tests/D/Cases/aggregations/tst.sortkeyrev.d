BEGIN
{
	setopt("aggsortkey");
	setopt("aggsortrev");
	@["a"] = sum(1);
	@["b"] = sum(2);
	@["c"] = sum(0);
	exit(0);
}
