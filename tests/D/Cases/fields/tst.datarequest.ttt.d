/* run: -q -r writes.pcapng */
iscsi*:::data-request { printf("%x\n", args[1]->ii_ttt); }
