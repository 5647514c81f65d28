/* run: -q -r reads.pcap */
iscsi*:::xfer-start { @[args[2]->xfer_type, arg7, arg8 ? "R" : "W"] = count(); }
