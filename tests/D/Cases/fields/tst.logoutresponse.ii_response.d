/* run: -q -r errors.pcap */
iscsi*:::logout-response { printf("%d\n", args[1]->ii_response); }
