iscsi*:::nop-send { trace(args[3]); }
