/* run: -r nops.pcap */
BEGIN
{
}

BEGIN
{
	exit(0);
}
