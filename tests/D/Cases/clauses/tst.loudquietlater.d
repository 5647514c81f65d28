/* run: -r nops.pcap */
BEGIN { printf("a"); setopt("quiet"); }
BEGIN { printf("b\n"); exit(0); }
