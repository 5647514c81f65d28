#!/usr/bin/env -S iscsitrace -s
/*
 * cmds.d - SCSI commands by initiator and operation code.
 *
 *     iscsitrace -s cmds.d                 what runs here, until Ctrl-C
 *     iscsitrace -r FILE -s cmds.d         a capture
 *
 * Sample output:
 *
 *     INITIATOR                 COMMAND                     COUNT
 *     192.0.2.14                INQUIRY                         4
 *     192.0.2.14                0xc1                            1
 *     192.0.2.14                READ(10)                      512
 */

#pragma D option quiet

string name[uchar_t];

dtrace:::BEGIN
{
	name[0x00] = "TEST UNIT READY";
	name[0x03] = "REQUEST SENSE";
	name[0x08] = "READ(6)";
	name[0x0a] = "WRITE(6)";
	name[0x12] = "INQUIRY";
	name[0x15] = "MODE SELECT(6)";
	name[0x16] = "RESERVE(6)";
	name[0x17] = "RELEASE(6)";
	name[0x1a] = "MODE SENSE(6)";
	name[0x1b] = "START STOP UNIT";
	name[0x1e] = "PREVENT ALLOW";
	name[0x25] = "READ CAPACITY(10)";
	name[0x28] = "READ(10)";
	name[0x2a] = "WRITE(10)";
	name[0x2e] = "WRITE AND VERIFY(10)";
	name[0x2f] = "VERIFY(10)";
	name[0x34] = "PRE-FETCH(10)";
	name[0x35] = "SYNCHRONIZE CACHE(10)";
	name[0x37] = "READ DEFECT DATA(10)";
	name[0x41] = "WRITE SAME(10)";
	name[0x42] = "UNMAP";
	name[0x48] = "SANITIZE";
	name[0x4d] = "LOG SENSE";
	name[0x55] = "MODE SELECT(10)";
	name[0x5a] = "MODE SENSE(10)";
	name[0x5e] = "PERSISTENT RESERVE IN";
	name[0x5f] = "PERSISTENT RESERVE OUT";
	name[0x83] = "EXTENDED COPY";
	name[0x84] = "RECEIVE COPY RESULTS";
	name[0x88] = "READ(16)";
	name[0x89] = "COMPARE AND WRITE";
	name[0x8a] = "WRITE(16)";
	name[0x8b] = "ORWRITE(16)";
	name[0x8e] = "WRITE AND VERIFY(16)";
	name[0x8f] = "VERIFY(16)";
	name[0x90] = "PRE-FETCH(16)";
	name[0x91] = "SYNCHRONIZE CACHE(16)";
	name[0x93] = "WRITE SAME(16)";
	name[0x9c] = "WRITE ATOMIC(16)";
	name[0x9e] = "SERVICE ACTION IN(16)";
	name[0xa0] = "REPORT LUNS";
	name[0xa3] = "MAINTENANCE IN";
	name[0xa4] = "MAINTENANCE OUT";
	name[0xa8] = "READ(12)";
	name[0xaa] = "WRITE(12)";
	name[0xae] = "WRITE AND VERIFY(12)";
	name[0xaf] = "VERIFY(12)";
	name[0xb7] = "READ DEFECT DATA(12)";
	printf("Tracing... Hit Ctrl-C to end.\n");
}

iscsi*:::scsi-command
{
	this->op = args[2]->ic_cdb[0];
	@[args[0]->ci_remote, name[this->op] != NULL ? name[this->op] : lltostr(this->op, 16)] = count();
}

dtrace:::END
{
	printf("%-25s %-25s %8s\n", "INITIATOR", "COMMAND", "COUNT");
	printa("%-25s %-25s %@8d\n", @);
}
