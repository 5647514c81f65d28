/* run: -q -r nops.pcap */
iscsi*:::nop-receive { printf("%x\n", args[1]->ii_ttt); }
