/* run: -q -r writes.pcapng */
iscsi*:::data-receive { printf("%x\n", args[1]->ii_ttt); }
