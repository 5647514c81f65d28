BEGIN
{
	@a0["k"] = sum(0);
	@a1["k"] = sum(1);
	@a2["k"] = sum(2);
	@a3["k"] = sum(3);
	@a4["k"] = sum(4);
	@a5["k"] = sum(5);
	@a6["k"] = sum(6);
	@a7["k"] = sum(7);
	@a8["k"] = sum(8);
	@a9["k"] = sum(9);
	@a10["k"] = sum(10);
	@a11["k"] = sum(11);
	@a12["k"] = sum(12);
	@a13["k"] = sum(13);
	@a14["k"] = sum(14);
	@a15["k"] = sum(15);
	printa("%s %@d %@d %@d %@d %@d %@d %@d %@d %@d %@d %@d %@d %@d %@d %@d %@d\n", @a0, @a1, @a2, @a3, @a4, @a5, @a6, @a7, @a8, @a9, @a10, @a11, @a12, @a13, @a14, @a15);
	exit(0);
}
