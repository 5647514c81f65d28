/* run: -q -r writes.pcapng */
iscsi*:::data-send, iscsi*:::data-receive { @[probename] = sum(args[1]->ii_datalen); }
