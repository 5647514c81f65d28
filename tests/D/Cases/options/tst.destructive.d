/* run: -w -r nops.pcap */
BEGIN { exit(0); }
