/* run: -q -e -r nops.pcap */
BEGIN { printf("no\n"); }
