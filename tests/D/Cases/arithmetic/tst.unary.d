BEGIN
{
	printf("%d\n", -(5));
	printf("%d\n", +5);
	printf("%d\n", ~0);
	printf("%d\n", !0);
	printf("%d\n", !7);
	printf("%d\n", !!7);
	printf("%d\n", - -5);
	exit(0);
}
