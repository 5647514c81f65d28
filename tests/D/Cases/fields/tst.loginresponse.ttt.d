/* run: -q -r reads.pcap */
iscsi*:::login-response { printf("%x\n", args[1]->ii_ttt); }
