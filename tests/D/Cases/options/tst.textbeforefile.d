/* run: -q -r nops.pcap -n BEGIN{printf("begin\n")} */
END { printf("end\n"); }
