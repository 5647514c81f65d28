/* run: -q -r writes.pcapng */
iscsi*:::xfer-start, iscsi*:::xfer-done { @[probename] = count(); }
