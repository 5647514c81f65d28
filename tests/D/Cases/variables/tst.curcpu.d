BEGIN
{
	printf("%d\n", curcpu->cpu_id);
	exit(0);
}
