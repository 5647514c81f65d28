/* run: -q -r reads.pcap */
iscsi*:::data-send { @[arg6 == args[1]->ii_datalen, arg7 == args[1]->ii_flags, (arg1 & 0xffffffff) == args[1]->ii_itt, arg3 == args[1]->ii_ttt, arg9 == args[1]->ii_datasn] = count(); }
