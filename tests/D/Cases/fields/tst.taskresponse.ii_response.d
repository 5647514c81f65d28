/* run: -q -r tasks.pcap */
iscsi*:::task-response { printf("%d\n", args[1]->ii_response); }
