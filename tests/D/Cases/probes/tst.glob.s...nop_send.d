*:::nop-send { @ = count(); }
