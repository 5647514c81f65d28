/* run: -q -r nops.pcap */
iscsi*:::nop-send { printf("%x\n", args[1]->ii_ttt); }
