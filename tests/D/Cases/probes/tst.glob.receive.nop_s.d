receive:nop-* { @ = count(); }
