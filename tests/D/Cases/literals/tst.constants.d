BEGIN
{
	printf("%x\n", ISCSI_FLAG_FINAL);
	printf("%x\n", ISCSI_FLAG_CMD_READ);
	printf("%x\n", ISCSI_FLAG_CMD_WRITE);
	printf("%x\n", ISCSI_FLAG_CMD_BIDI_OVERFLOW);
	printf("%x\n", ISCSI_FLAG_CMD_BIDI_UNDERFLOW);
	printf("%x\n", ISCSI_FLAG_CMD_OVERFLOW);
	printf("%x\n", ISCSI_FLAG_CMD_UNDERFLOW);
	printf("%x\n", ISCSI_FLAG_DATA_STATUS);
	printf("%x\n", ISCSI_FLAG_DATA_UNDERFLOW);
	printf("%x\n", ISCSI_FLAG_DATA_OVERFLOW);
	printf("%x\n", ISCSI_FLAG_DATA_ACK);
	printf("%x\n", ISCSI_FLAG_TEXT_CONTINUE);
	printf("%x\n", ISCSI_FLAG_LOGIN_CONTINUE);
	printf("%x\n", ISCSI_FLAG_LOGIN_TRANSIT);
	exit(0);
}
