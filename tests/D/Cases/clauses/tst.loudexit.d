/* run: -r nops.pcap */
BEGIN { exit(0); }
