/* run: -q -r tasks.pcap */
iscsi*:::task-response { printf("%x\n", args[1]->ii_ttt); }
