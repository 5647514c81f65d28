/* run: -q -r tasks.pcap */
iscsi*:::task-command { printf("%x\n", args[1]->ii_ttt); }
