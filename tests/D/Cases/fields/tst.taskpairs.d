/* run: -q -r tasks.pcap */
iscsi*:::task-command { p[arg1] = args[1]->ii_itt; }
iscsi*:::task-response { @[p[arg1] == args[1]->ii_itt] = count(); }
