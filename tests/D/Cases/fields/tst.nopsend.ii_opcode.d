/* run: -q -r nops.pcap */
iscsi*:::nop-send { printf("%d\n", args[1]->ii_opcode); }
