iscsi*:::nop-[!r]* { @ = count(); }
