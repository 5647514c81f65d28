#!/usr/bin/env -S iscsitrace -s
/*
 * io.d - bytes moved, by initiator and direction.
 *
 * Data-In PDUs are reads; Data-Out PDUs and the immediate data of commands that write are writes. IOS counts commands.
 *
 *     iscsitrace -s io.d                   what runs here, until Ctrl-C
 *     iscsitrace -r FILE -s io.d           a capture
 *
 * Sample output:
 *
 *     INITIATOR                 DIR          IOS         KB     KB/s
 *     192.0.2.21                write         31        992       99
 *     192.0.2.14                read         512       2048      204
 */

#pragma D option quiet

dtrace:::BEGIN
{
	began = timestamp;
	printf("Tracing... Hit Ctrl-C to end.\n");
}

iscsi*:::scsi-command
/args[1]->ii_flags & ISCSI_FLAG_CMD_READ/
{
	@ios[args[0]->ci_remote, "read"] = count();
}

iscsi*:::scsi-command
/args[1]->ii_flags & ISCSI_FLAG_CMD_WRITE/
{
	@ios[args[0]->ci_remote, "write"] = count();
	@bytes[args[0]->ci_remote, "write"] = sum(args[1]->ii_datalen);
	@rate[args[0]->ci_remote, "write"] = sum(args[1]->ii_datalen);
}

iscsi*:::data-send
{
	@bytes[args[0]->ci_remote, "read"] = sum(args[1]->ii_datalen);
	@rate[args[0]->ci_remote, "read"] = sum(args[1]->ii_datalen);
}

iscsi*:::data-receive
{
	@bytes[args[0]->ci_remote, "write"] = sum(args[1]->ii_datalen);
	@rate[args[0]->ci_remote, "write"] = sum(args[1]->ii_datalen);
}

dtrace:::END
{
	this->ms = (timestamp - began) / 1000000;
	normalize(@bytes, 1000);
	/* Bytes in a millisecond are kB in a second. */
	normalize(@rate, this->ms ? this->ms : 1);
	printf("%-25s %-6s %10s %10s %8s\n", "INITIATOR", "DIR", "IOS", "KB", "KB/s");
	printa("%-25s %-6s %@10d %@10d %@8d\n", @ios, @bytes, @rate);
}
