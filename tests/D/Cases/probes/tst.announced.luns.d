/* run: -q -r reads.pcap */
iscsi*:::scsi-command        { @[args[1]->ii_target] = count(); }
