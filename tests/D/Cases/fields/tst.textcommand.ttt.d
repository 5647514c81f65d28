/* run: -q -r errors.pcap */
iscsi*:::text-command { printf("%x\n", args[1]->ii_ttt); }
