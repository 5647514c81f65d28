/* run: -q -r errors.pcap */
iscsi*:::scsi-response { printf("%d\n", args[1]->ii_residual); }
