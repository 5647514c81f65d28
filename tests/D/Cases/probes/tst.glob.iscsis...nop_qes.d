iscsi*:::nop-?e* { @ = count(); }
