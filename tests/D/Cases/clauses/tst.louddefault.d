/* run: -r nops.pcap */
BEGIN /1/ { }
BEGIN { exit(0); }
