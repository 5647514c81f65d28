/* run: -q -r reads.pcap */
iscsi*:::data-send { @ = lquantize(args[1]->ii_datalen, 0, 8192, 1024); }
