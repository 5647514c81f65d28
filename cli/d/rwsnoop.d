#!/usr/bin/env -S iscsitrace -s
/*
 * rwsnoop.d - one line for each PDU that carries data.
 *
 *     iscsitrace -s rwsnoop.d              what runs here, until Ctrl-C
 *     iscsitrace -r FILE -s rwsnoop.d      a capture
 *
 * Sample output:
 *
 *     TIME(us)         INITIATOR                 DIR    LUN      BYTES
 *     1204             192.0.2.14                read     0       4096
 *     1377             192.0.2.14                read     0       4096
 *     2051             192.0.2.21                write    3       8192
 */

#pragma D option quiet
#pragma D option switchrate=10hz

dtrace:::BEGIN
{
	began = timestamp;
	printf("%-16s %-25s %-5s %4s %10s\n", "TIME(us)", "INITIATOR", "DIR", "LUN", "BYTES");
}

iscsi*:::data-send,
iscsi*:::data-receive
{
	printf("%-16d %-25s %-5s %4d %10d\n", (timestamp - began) / 1000, args[0]->ci_remote,
	    probename == "data-send" ? "read" : "write", args[1]->ii_lun, args[1]->ii_datalen);
}

/* A command that writes may bring its first data along. */
iscsi*:::scsi-command
/args[1]->ii_datalen/
{
	printf("%-16d %-25s %-5s %4d %10d\n", (timestamp - began) / 1000, args[0]->ci_remote,
	    "write", args[1]->ii_lun, args[1]->ii_datalen);
}
