/* run: -q -r tasks.pcap */
tick-100ms /++n == 3/ { printf("%d\n", n); exit(0); }
