iscsi*:::nop-send { @[args[1]->ii_transport] = count(); }
