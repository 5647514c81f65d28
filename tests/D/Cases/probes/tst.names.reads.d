/* run: -q -r reads.pcap */
iscsi*:::login-*, iscsi*:::logout-*, iscsi*:::scsi-*, iscsi*:::data-*, iscsi*:::nop-*, iscsi*:::task-*, iscsi*:::text-*, iscsi*:::async-*
{
	@[probename] = count();
}
