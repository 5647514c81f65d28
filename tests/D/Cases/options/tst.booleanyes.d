/* run: -r nops.pcap */
#pragma D option quiet=yes
BEGIN { printf("x\n"); exit(0); }
