/* run: -q -r tasks.pcap */
tick-100ms { @ = count(); }
