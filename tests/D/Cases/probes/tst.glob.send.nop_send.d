::send:nop-send { @ = count(); }
