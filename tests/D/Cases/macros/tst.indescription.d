/* run: -q -r nops.pcap */
/* args: nop-send */
iscsi*:::$1 { @ = count(); }
