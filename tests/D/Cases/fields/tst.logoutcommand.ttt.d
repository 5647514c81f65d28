/* run: -q -r nops.pcap */
iscsi*:::logout-command { printf("%x\n", args[1]->ii_ttt); }
