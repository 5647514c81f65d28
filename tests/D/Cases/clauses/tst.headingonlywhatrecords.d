/* run: -r nops.pcap */
BEGIN { x = 1; @ = count(); }
BEGIN { exit(0); }
