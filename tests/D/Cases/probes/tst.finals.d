/* run: -q -r writes.pcapng */
iscsi*:::data-receive /args[1]->ii_flags & ISCSI_FLAG_FINAL/ { @ = count(); }
