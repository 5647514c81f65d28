/* run: -q -r nops.pcap -P iscsi*{@=count()} */
END { x = 1; }
