/* run: -q -r writes.pcapng */
iscsi*:::xfer-done { @["arg6"] = sum(arg6); @["xfer_len"] = sum(args[2]->xfer_len); }
