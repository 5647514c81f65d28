iscsi*:::scsi-command { @[args[2]->ic_len] = count(); }
