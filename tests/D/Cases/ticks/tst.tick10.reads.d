/* run: -q -r reads.pcap */
tick-10ms { @ = count(); }
