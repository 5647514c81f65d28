/* run: -r nops.pcap */
#pragma D option quiet
BEGIN { printf("x\n"); exit(0); }
