/* run: -r nops.pcap */
#pragma D option quiet=enable
BEGIN { printf("x\n"); exit(0); }
