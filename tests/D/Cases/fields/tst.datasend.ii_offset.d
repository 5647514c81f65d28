/* run: -q -r reads.pcap */
iscsi*:::data-send { printf("%d\n", args[1]->ii_offset); }
