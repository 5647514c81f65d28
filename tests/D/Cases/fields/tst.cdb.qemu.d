/* run: -q -r qemu.pcapng */
iscsi*:::scsi-command { @[args[2]->ic_cdb[0]] = count(); }
