iscsi*:::nop-send { args[1]->ii_itt = 5; }
