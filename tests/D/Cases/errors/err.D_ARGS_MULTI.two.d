iscsi*:::scsi-* { trace(args[2]->ic_len); }
