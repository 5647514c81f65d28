iscsi?:::nop-receive { @ = count(); }
