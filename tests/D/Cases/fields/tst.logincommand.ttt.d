/* run: -q -r reads.pcap */
iscsi*:::login-command { printf("%x\n", args[1]->ii_ttt); }
