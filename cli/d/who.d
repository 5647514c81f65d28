#!/usr/bin/env -S iscsitrace -s
/*
 * who.d - who talks to the target, and how.
 *
 * Counts each probe by the address of the initiator, and prints the counts at the end, busiest last.
 *
 *     iscsitrace -s who.d                  what runs here, until Ctrl-C
 *     iscsitrace -r FILE -s who.d          a capture
 *
 * Sample output:
 *
 *     INITIATOR                 EVENT                 COUNT
 *     192.0.2.21                nop-receive               2
 *     192.0.2.21                nop-send                  2
 *     192.0.2.14                scsi-response           126
 *     192.0.2.14                scsi-command            208
 */

#pragma D option quiet

dtrace:::BEGIN
{
	printf("Tracing... Hit Ctrl-C to end.\n");
}

iscsi*:::
/probename != "xfer-start" && probename != "xfer-done"/
{
	@events[args[0]->ci_remote, probename] = count();
}

dtrace:::END
{
	printf("%-25s %-16s %10s\n", "INITIATOR", "EVENT", "COUNT");
	printa("%-25s %-16s %@10d\n", @events);
}
