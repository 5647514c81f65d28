iscsi[0-9]:::nop-send { @ = count(); }
