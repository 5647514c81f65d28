iscsi*:::scsi-command { this->i = args[1]; this->c = args[2]->ic_cdb; @[this->i->ii_lun, this->c[0]] = count(); }
