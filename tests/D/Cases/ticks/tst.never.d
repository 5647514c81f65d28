/* run: -q -r tasks.pcap */
tick-1hour { printf("no\n"); }
tick-1day { printf("no\n"); }
tick-1min { printf("no\n"); }
tick-1sec { printf("no\n"); }
