:iscsi*::nop-send { @ = count(); }
