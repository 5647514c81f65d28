iscsi:::scsi-command { @ = count(); }
