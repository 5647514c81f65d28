/* run: -q -r reads.pcap */
iscsi*:::data-send, iscsi*:::data-receive { @[probename] = sum(args[1]->ii_datalen); }
