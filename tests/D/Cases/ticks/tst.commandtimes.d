/* run: -q -r tasks.pcap */
iscsi*:::scsi-command { printf("%d\n", walltimestamp); }
