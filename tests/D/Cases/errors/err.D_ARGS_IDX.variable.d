iscsi*:::nop-send { x = 1; trace(args[x]); }
