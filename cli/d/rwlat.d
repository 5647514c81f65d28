#!/usr/bin/env -S iscsitrace -s
/*
 * rwlat.d - distributions of how long reads and writes take, in us, by initiator.
 *
 * From the command to the PDU that carries its status: the last Data-In of a read that went well, else a SCSI Response.
 *
 *     iscsitrace -s rwlat.d                what runs here, until Ctrl-C
 *     iscsitrace -r FILE -s rwlat.d        a capture
 *
 * Sample output:
 *
 *       192.0.2.14                                          read
 *                value  ------------- Distribution ------------- count
 *                   16 |                                         0
 *                   32 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@           305
 *                   64 |@@@@@@@@@@                               101
 *                  128 |                                         0
 */

#pragma D option quiet
#pragma D option dynvarsize=16m

dtrace:::BEGIN
{
	printf("Tracing... Hit Ctrl-C to end.\n");
}

/* arg1 tells a task from all others: it is the same in a command and in what answers it. */
iscsi*:::scsi-command
/args[1]->ii_flags & (ISCSI_FLAG_CMD_READ | ISCSI_FLAG_CMD_WRITE)/
{
	began[arg1] = timestamp;
	writes[arg1] = args[1]->ii_flags & ISCSI_FLAG_CMD_WRITE;
}

iscsi*:::scsi-response,
iscsi*:::data-send
/began[arg1] && (probename == "scsi-response" || args[1]->ii_flags & ISCSI_FLAG_DATA_STATUS)/
{
	@lat[args[0]->ci_remote, writes[arg1] ? "write" : "read"] = quantize((timestamp - began[arg1]) / 1000);
	began[arg1] = 0;
	writes[arg1] = 0;
}

dtrace:::END
{
	printf("Latency (us):\n");
	printa(@lat);
}
