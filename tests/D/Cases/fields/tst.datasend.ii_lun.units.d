/* run: -q -r units.pcap */
iscsi*:::data-send { printf("%d\n", args[1]->ii_lun); }
