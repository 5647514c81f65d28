BEGIN
{
	printf("%d\n", (int8_t)(uint8_t)255);
	printf("%d\n", (uint8_t)(int8_t)-1);
	printf("%d\n", (uint16_t)(int8_t)-1);
	printf("%u\n", (uint64_t)(int32_t)-1);
	printf("%u\n", (uint64_t)(uint32_t)-1);
	exit(0);
}
