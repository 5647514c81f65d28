/* run: -x quiet -r nops.pcap */
BEGIN { printf("x\n"); exit(0); }
