iscsi*:::login-command { printf("%s\n", args[0]->ci_protocol); }
