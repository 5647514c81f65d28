/* run: -q -r reads.pcap */
iscsi*:::scsi-response { printf("%x\n", args[1]->ii_ttt); }
