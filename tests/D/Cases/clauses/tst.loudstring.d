/* run: -r nops.pcap */
BEGIN { trace("abc"); exit(0); }
