iscsi*:::nop-receive { @ = sum(args[1]->ii_datalen); }
