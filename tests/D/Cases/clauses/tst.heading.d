/* run: -r nops.pcap */
BEGIN { printf("hello"); }
BEGIN { exit(0); }
