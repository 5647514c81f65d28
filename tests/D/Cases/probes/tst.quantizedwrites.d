/* run: -q -r writes.pcapng */
iscsi*:::data-receive { @[args[1]->ii_lun] = quantize(args[1]->ii_datalen); }
