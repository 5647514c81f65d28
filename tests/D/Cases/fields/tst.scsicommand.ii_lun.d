/* run: -q -r errors.pcap */
iscsi*:::scsi-command { printf("%d\n", args[1]->ii_lun); }
