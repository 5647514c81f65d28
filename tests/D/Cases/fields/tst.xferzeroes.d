/* run: -q -r reads.pcap */
iscsi*:::xfer-start { @[args[1]->ii_itt, args[1]->ii_lun, args[1]->ii_cmdsn, args[1]->ii_datalen, args[1]->ii_flags, args[2]->xfer_lkey, args[2]->xfer_rkey, args[2]->xfer_roffset] = count(); }
