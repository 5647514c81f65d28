/* run: -r nops.pcap */
#pragma D option quiet=off
BEGIN { printf("x"); exit(0); }
