iscsi*:::nop-receive { p[arg1] = 1; }
iscsi*:::nop-send { @[p[arg1]] = count(); }
