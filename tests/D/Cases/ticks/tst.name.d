/* run: -q -r tasks.pcap */
tick-100ms /++n == 1/ { printf("%s:%s\n", probeprov, probename); }
