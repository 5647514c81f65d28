/* run: -q -r writes.pcapng */
iscsi*:::xfer-start { t[arg1] = 1; }
iscsi*:::xfer-done { @[t[arg1]] = count(); t[arg1] = 0; }
