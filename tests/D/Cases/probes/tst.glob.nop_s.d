nop-* { @ = count(); }
