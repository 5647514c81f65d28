/* run: -q -r reads.pcap */
iscsi*:::scsi-command { printf("%d\n", args[1]->ii_edtl); }
