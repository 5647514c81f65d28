#!/usr/bin/env -S iscsitrace -s
/*
 * rwtime.d - how long buffers are on their way, and who waits for that in all.
 *
 * A transfer is one sequence of Data-In PDUs, or what answers one R2T: this is the network's and the host's time, not the storage's.
 *
 *     iscsitrace -s rwtime.d               what runs here, until Ctrl-C
 *     iscsitrace -r FILE -s rwtime.d       a capture
 *
 * Sample output:
 *
 *     Transfers (us):
 *
 *       write
 *                value  ------------- Distribution ------------- count
 *                   32 |                                         0
 *                   64 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 88
 *                  128 |                                         0
 *
 *     By initiator (us in all):
 *
 *       192.0.2.14                                                     7313
 */

#pragma D option quiet
#pragma D option dynvarsize=16m

inline int TOP = 10;

dtrace:::BEGIN
{
	printf("Tracing... Hit Ctrl-C to end.\n");
}

iscsi*:::xfer-start
{
	began[arg1] = timestamp;
}

iscsi*:::xfer-done
/began[arg1]/
{
	this->us = (timestamp - began[arg1]) / 1000;
	@distribution[args[2]->xfer_type ? "write" : "read"] = quantize(this->us);
	@initiators[args[0]->ci_remote] = sum(this->us);
	@targets[args[1]->ii_target] = sum(this->us);
	began[arg1] = 0;
}

dtrace:::END
{
	printf("Transfers (us):\n");
	printa(@distribution);
	printf("\nBy initiator (us in all):\n");
	printa(@initiators);
	trunc(@targets, TOP);
	printf("\nBy target, the first %d (us in all):\n", TOP);
	printa(@targets);
}
