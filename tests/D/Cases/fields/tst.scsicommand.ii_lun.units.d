/* run: -q -r units.pcap */
iscsi*:::scsi-command { printf("%d\n", args[1]->ii_lun); }
