/* run: -q -r discovery.pcap */
iscsi*:::scsi-command { @[args[2]->ic_cdb[0]] = count(); }
