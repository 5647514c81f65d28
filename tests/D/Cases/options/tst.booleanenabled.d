/* run: -r nops.pcap */
#pragma D option quiet=enabled
BEGIN { printf("x\n"); exit(0); }
