/* run: -q -r nops.pcap -D lbolt=42 -D release=5.11 */
BEGIN { printf("%d %s\n", `lbolt + 1, `release); exit(0); }
