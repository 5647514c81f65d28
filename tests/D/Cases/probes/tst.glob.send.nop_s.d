send:nop-* { @ = count(); }
