/* run: -q -r reads.pcap */
iscsi*:::xfer-done { printf("%d %d\n", args[2]->xfer_len, args[2]->xfer_loffset); }
