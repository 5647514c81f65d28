/* run: -q -r tasks.pcap */
BEGIN { printf("%d\n", walltimestamp); }
tick-100ms /++n == 1/ { printf("%d\n", walltimestamp); }
