/* run: -q -r qemu.pcapng */
iscsi*:::data-send, iscsi*:::data-receive { @[probename] = sum(args[1]->ii_datalen); }
