/* run: -r nops.pcap */
#pragma D option quiet=no
BEGIN { printf("x"); exit(0); }
