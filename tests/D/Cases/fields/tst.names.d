iscsi*:::nop-receive { @[args[1]->ii_target, args[1]->ii_initiator] = count(); }
