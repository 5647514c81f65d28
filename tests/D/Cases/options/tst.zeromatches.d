/* run: -q -Z -r nops.pcap */
nothing:::here { printf("no\n"); }
BEGIN { printf("yes\n"); exit(0); }
