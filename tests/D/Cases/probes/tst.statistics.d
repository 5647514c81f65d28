/* run: -q -r reads.pcap */
iscsi*:::data-send { @a = min(args[1]->ii_datalen); @b = max(args[1]->ii_datalen); @c = avg(args[1]->ii_datalen); }
