/* run: -q -r nops.pcap -P dtrace{printf("x\n")} */
END { printf("end\n"); }
