/* run: -q -r reads.pcap */
iscsi*:::scsi-command { @[args[1]->ii_flags & ISCSI_FLAG_CMD_READ ? "read" : args[1]->ii_flags & ISCSI_FLAG_CMD_WRITE ? "write" : "neither"] = count(); }
