/* run: -r nops.pcap */
BEGIN /0/ { printf("no"); }
BEGIN { printf("yes"); exit(0); }
