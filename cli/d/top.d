#!/usr/bin/env -S iscsitrace -s
/*
 * top.d - the busiest logical units, every few seconds.
 *
 *     iscsitrace -s top.d                  every 5 seconds, until Ctrl-C
 *     iscsitrace -s top.d 1 10             every second, ten times
 *     iscsitrace -r FILE -s top.d 1        a capture, in its own time
 *
 * Sample output:
 *
 *     2026 Nov 28 10:15:05
 *     TARGET                                    LUN    CMD/s  READ kB/s WRITE kB/s
 *     iqn.2007-09.net.example:disk                3        4          0         32
 *     iqn.2007-09.net.example:disk                0     2019       8076          0
 */

#pragma D option quiet
#pragma D option defaultargs

dtrace:::BEGIN
{
	every = $1 ? $1 : 5;
	left = $2 ? $2 : -1;
	seconds = every;
	began = timestamp;
}

/* A thousand for each, so that a division by milliseconds makes them a rate. */
iscsi*:::scsi-command
{
	@commands[args[1]->ii_target, args[1]->ii_lun] = sum(1000);
	@written[args[1]->ii_target, args[1]->ii_lun] = sum(args[1]->ii_datalen);
}

iscsi*:::data-receive
{
	@written[args[1]->ii_target, args[1]->ii_lun] = sum(args[1]->ii_datalen);
}

iscsi*:::data-send
{
	@read[args[1]->ii_target, args[1]->ii_lun] = sum(args[1]->ii_datalen);
}

profile:::tick-1sec
{
	seconds--;
}

/* At the end, what there is of an interval. */
profile:::tick-1sec,
dtrace:::END
/seconds == 0 || probename == "END" && left != 0/
{
	this->ms = (timestamp - began) / 1000000;
	this->ms = this->ms ? this->ms : 1;
	normalize(@commands, this->ms);
	normalize(@read, this->ms);
	normalize(@written, this->ms);
	trunc(@commands, 20);
	printf("%Y\n%-40s %5s %8s %10s %10s\n", walltimestamp, "TARGET", "LUN", "CMD/s", "READ kB/s", "WRITE kB/s");
	printa("%-40s %5d %@8d %@10d %@10d\n", @commands, @read, @written);
	printf("\n");
	trunc(@commands);
	trunc(@read);
	trunc(@written);
	seconds = every;
	began = timestamp;
	left--;
}

profile:::tick-1sec
/left == 0/
{
	exit(0);
}
