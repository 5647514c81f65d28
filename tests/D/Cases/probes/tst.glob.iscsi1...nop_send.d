iscsi1:::nop-send { @ = count(); }
