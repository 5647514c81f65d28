/* run: -q -r tasks.pcap */
BEGIN { t = timestamp; }
tick-100ms { printf("%d\n", timestamp - t); }
