/* run: -q -r errors.pcap */
iscsi*:::data-send, iscsi*:::data-receive { @[probename] = sum(args[1]->ii_datalen); }
