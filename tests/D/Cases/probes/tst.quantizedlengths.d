/* run: -q -r reads.pcap */
iscsi*:::data-send { @ = quantize(args[1]->ii_datalen); }
