BEGIN { @a = count(); @b = sum(2); printa("%@d\n", @b); exit(0); }
