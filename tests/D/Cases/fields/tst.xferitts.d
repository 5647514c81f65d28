/* run: -q -r reads.pcap */
iscsi*:::xfer-start { printf("%d %d\n", args[2]->xfer_itt, arg9); }
