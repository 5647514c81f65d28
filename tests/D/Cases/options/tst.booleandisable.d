/* run: -r nops.pcap */
#pragma D option quiet=disable
BEGIN { printf("x"); exit(0); }
