/* run: -q -x strsize=4 -r nops.pcap */
BEGIN { s = "abcdef"; printf("%s\n", s); exit(0); }
