BEGIN
{
	printf("%d\n", XFER_BUF_TX_TO_INI);
	printf("%d\n", XFER_BUF_RX_FROM_INI);
	exit(0);
}
