iscsi*:::nop-receive { @["receive"] = count(); }
iscsi*:::nop-send { @["send"] = count(); }
