/* run: -q -r nops.pcap -n BEGIN{printf("%s\n",probename)} */
END { x = 1; }
