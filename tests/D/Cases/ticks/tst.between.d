/* run: -q -r tasks.pcap */
iscsi*:::scsi-command { n++; }
tick-100ms { printf("%d\n", n); }
END { printf("%d\n", n); }
