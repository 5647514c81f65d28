/* run: -q -r nops.pcap -n BEGIN{x=5} */
END { printf("%d\n", x); }
