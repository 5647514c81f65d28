#!/usr/bin/env -S iscsitrace -s
/*
 * errors.d - commands that did not end well, by initiator, operation, status and sense data.
 *
 * SENSE is the sense key, ASC and ASCQ as the standards list them; of a status without sense data it is empty. RESPONSE is not 0 when
 * the target could not carry out the command at all.
 *
 *     iscsitrace -s errors.d               what runs here, until Ctrl-C
 *     iscsitrace -r FILE -s errors.d       a capture
 *
 * Sample output:
 *
 */

#pragma D option quiet
#pragma D option dynvarsize=16m

string status[uchar_t];
string key[int];

dtrace:::BEGIN
{
	status[0x00] = "GOOD";
	status[0x02] = "CHECK CONDITION";
	status[0x04] = "CONDITION MET";
	status[0x08] = "BUSY";
	status[0x18] = "RESERVATION CONFLICT";
	status[0x28] = "TASK SET FULL";
	status[0x30] = "ACA ACTIVE";
	status[0x40] = "TASK ABORTED";
	key[0x0] = "NO SENSE";
	key[0x1] = "RECOVERED ERROR";
	key[0x2] = "NOT READY";
	key[0x3] = "MEDIUM ERROR";
	key[0x4] = "HARDWARE ERROR";
	key[0x5] = "ILLEGAL REQUEST";
	key[0x6] = "UNIT ATTENTION";
	key[0x7] = "DATA PROTECT";
	key[0x8] = "BLANK CHECK";
	key[0x9] = "VENDOR SPECIFIC";
	key[0xa] = "COPY ABORTED";
	key[0xb] = "ABORTED COMMAND";
	key[0xd] = "VOLUME OVERFLOW";
	key[0xe] = "MISCOMPARE";
	key[0xf] = "COMPLETED";
	printf("Tracing... Hit Ctrl-C to end.\n");
}

/* 0 would be no element: one more than the operation. */
iscsi*:::scsi-command
{
	op[arg1] = args[2]->ic_cdb[0] + 1;
}

iscsi*:::scsi-response
/args[1]->ii_status || args[1]->ii_response/
{
	this->sense = args[1]->ii_sense;
	this->status = status[args[1]->ii_status];
	@[args[0]->ci_remote, op[arg1] ? lltostr(op[arg1] - 1, 16) : "?",
	    this->status != NULL ? this->status : lltostr(args[1]->ii_status, 16), args[1]->ii_response,
	    this->sense ? key[this->sense >> 16] : "", this->sense >> 8 & 0xff, this->sense & 0xff] = count();
}

iscsi*:::scsi-response
{
	op[arg1] = 0;
}

iscsi*:::data-send
/args[1]->ii_flags & ISCSI_FLAG_DATA_STATUS/
{
	op[arg1] = 0;
}

dtrace:::END
{
	printf("%-25s %-4s %-20s %8s %-22s %7s\n", "INITIATOR", "OP", "STATUS", "RESPONSE", "SENSE", "COUNT");
	printa("%-25s %-4s %-20s %8x %-16s %02x/%02x %@7d\n", @);
}
