iscsi*:::nop-send { trace(args[0]->ci_port); }
