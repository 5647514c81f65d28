/* run: -r nops.pcap */
#pragma D option quiet=true
BEGIN { printf("x\n"); exit(0); }
