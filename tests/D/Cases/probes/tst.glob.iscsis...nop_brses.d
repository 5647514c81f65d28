iscsi*:::nop-[rs]e* { @ = count(); }
