/* run: -q -r errors.pcap */
iscsi*:::text-response { printf("%x\n", args[1]->ii_ttt); }
