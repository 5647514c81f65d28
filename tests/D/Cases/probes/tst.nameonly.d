scsi-command { @ = count(); }
