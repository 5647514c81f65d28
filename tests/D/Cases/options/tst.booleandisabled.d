/* run: -r nops.pcap */
#pragma D option quiet=disabled
BEGIN { printf("x"); exit(0); }
