/* run: -q -r nops.pcap */
iscsi*:::scsi-command { printf("%d\n", args[1]->ii_opcode); }
