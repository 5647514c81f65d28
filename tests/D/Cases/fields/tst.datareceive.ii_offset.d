/* run: -q -r writes.pcapng */
iscsi*:::data-receive { printf("%d\n", args[1]->ii_offset); }
