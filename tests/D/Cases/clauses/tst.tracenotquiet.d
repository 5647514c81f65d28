/* run: -r nops.pcap */
BEGIN { trace(5); trace("x"); trace((uint8_t)3); trace(7LL); exit(0); }
