/* run: -r nops.pcap */
#pragma D option quiet=unset
BEGIN { printf("x"); exit(0); }
