/* run: -r nops.pcap */
END { printf("bye"); }
