iscsi*:::nop-receive { self->p = args[1]; } iscsi*:::login-command { printf("%x\n", *(uint8_t *)-1); exit(1); } ERROR { printf("%d\n", arg4); exit(3); }
