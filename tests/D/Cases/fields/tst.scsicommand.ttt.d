/* run: -q -r reads.pcap */
iscsi*:::scsi-command { printf("%x\n", args[1]->ii_ttt); }
