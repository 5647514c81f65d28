inline int ONE = 1;
inline string NAME = "iscsi";
inline int TWO = ONE + 1;
BEGIN
{
	printf("%d %d %s\n", ONE, TWO, NAME);
	exit(0);
}
