/* run: -q -r errors.pcap */
iscsi*:::data-send { printf("%d\n", args[1]->ii_residual); }
