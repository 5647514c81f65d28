/* run: -r nops.pcap */
#pragma D option quiet=on
BEGIN { printf("x\n"); exit(0); }
