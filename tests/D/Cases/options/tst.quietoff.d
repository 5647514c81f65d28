/* run: -x quiet=no -r nops.pcap */
BEGIN { printf("x"); exit(0); }
