/* run: -q -r writes.pcapng */
iscsi*:::data-request { printf("%d\n", args[1]->ii_offset); }
