nop-send { @ = count(); }
