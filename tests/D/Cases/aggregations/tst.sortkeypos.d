BEGIN
{
	setopt("aggsortkey");
	setopt("aggsortkeypos", "1");
	@["a", 2] = count();
	@["b", 1] = count();
	exit(0);
}
