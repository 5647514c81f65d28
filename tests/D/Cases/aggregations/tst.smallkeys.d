BEGIN
{
	@[(uint8_t)200, (uint16_t)300] = count();
	exit(0);
}
