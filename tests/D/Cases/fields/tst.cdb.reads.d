/* run: -q -r reads.pcap */
iscsi*:::scsi-command { @[args[2]->ic_cdb[0]] = count(); }
