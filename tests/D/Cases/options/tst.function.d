/* run: -q -r nops.pcap -f receive{@=count()} */
END { x = 1; }
