iscsi*:::nop-* { @ = count(); }
