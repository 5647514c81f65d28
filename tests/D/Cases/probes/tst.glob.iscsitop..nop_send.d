:iscsitop::nop-send { @ = count(); }
