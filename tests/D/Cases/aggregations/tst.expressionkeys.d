BEGIN
{
	@[1 + 1, strjoin("a", "b")] = count();
	exit(0);
}
