/* run: -r nops.pcap */
BEGIN { @ = count(); printa(@); exit(0); }
