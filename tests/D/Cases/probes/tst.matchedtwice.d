iscsi*:::nop-send, iscsi*:::nop-* { @ = count(); }
