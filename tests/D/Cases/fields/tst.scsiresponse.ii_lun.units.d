/* run: -q -r units.pcap */
iscsi*:::scsi-response { printf("%d\n", args[1]->ii_lun); }
