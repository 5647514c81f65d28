/* run: -r nops.pcap */
BEGIN { setopt("quiet", "no"); exit(0); }
