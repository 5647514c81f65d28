/* run: -q -r tasks.pcap */
iscsi*:::task-command { printf("%d\n", args[1]->ii_function); }
