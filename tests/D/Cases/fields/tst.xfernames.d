/* run: -q -r reads.pcap */
iscsi*:::xfer-start { @[args[1]->ii_target, args[1]->ii_initiator] = count(); }
