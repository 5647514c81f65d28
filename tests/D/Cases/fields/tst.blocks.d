/* run: -q -r reads.pcap */
iscsi*:::scsi-command
/args[2]->ic_cdb[0] == 0x28/
{
	this->c = args[2]->ic_cdb;
	printf("%d+%d\n", this->c[2] << 24 | this->c[3] << 16 | this->c[4] << 8 | this->c[5], this->c[7] << 8 | this->c[8]);
}
