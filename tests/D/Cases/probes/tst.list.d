iscsi*:::nop-send, iscsi*:::nop-receive { @[probefunc, probemod, probeprov] = count(); }
