/* run: -q -r reads.pcap */
tick-20ms { @ = count(); }
