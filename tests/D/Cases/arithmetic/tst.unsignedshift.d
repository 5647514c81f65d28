BEGIN
{
	printf("%x\n", (uint32_t)0x80000000 >> 4);
	printf("%x\n", (int32_t)0x80000000 >> 4);
	exit(0);
}
