/* run: -q -r nops.pcap */
iscsi*:::logout-response { printf("%x\n", args[1]->ii_ttt); }
