/* run: -q -r reads.pcap */
iscsi*:::login-response
{
	printf("%x %d %d %d %d %x\n", args[1]->ii_itt, args[1]->ii_cmdsn, args[1]->ii_statsn, args[1]->ii_datasn, args[1]->ii_datalen, args[1]->ii_flags);
}
