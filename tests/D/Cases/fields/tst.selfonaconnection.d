/* run: -q -r units.pcap */
iscsi*:::scsi-command { self->n++; }
iscsi*:::logout-command { printf("%d\n", self->n); }
