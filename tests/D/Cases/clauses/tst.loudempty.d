/* run: -r nops.pcap */
BEGIN { x = 1; }
END { y = 2; }
