/* run: -r nops.pcap */
#pragma D option quiet=false
BEGIN { printf("x"); exit(0); }
