/* run: -r nops.pcap */
BEGIN { trace((char)1); trace((short)2); trace(3); trace(4LL); exit(0); }
