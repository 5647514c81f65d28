inline int twice[int x] = x * 2;
inline int sum[int a, int b] = a + b;
BEGIN
{
	printf("%d %d\n", twice[21], sum[twice[2], 3]);
	exit(0);
}
