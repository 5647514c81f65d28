/* run: -r nops.pcap */
BEGIN { printf("a"); printf("b"); exit(0); }
