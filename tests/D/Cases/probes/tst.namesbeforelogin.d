iscsi*:::login-command { printf("[%s][%s]\n", args[1]->ii_target, args[1]->ii_initiator); }
