/* run: -q -r reads.pcap */
iscsi*:::data-send { printf("%x\n", args[1]->ii_ttt); }
