/* run: -r nops.pcap */
iscsi*::: { @ = count(); }
