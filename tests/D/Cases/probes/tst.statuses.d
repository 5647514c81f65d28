/* run: -q -r reads.pcap */
iscsi*:::data-send /args[1]->ii_flags & ISCSI_FLAG_DATA_STATUS/ { @ = count(); }
