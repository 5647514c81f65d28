/* run: -q -r reads.pcap */
iscsi*:::data-send { @ = sum(args[1]->ii_datalen); }
