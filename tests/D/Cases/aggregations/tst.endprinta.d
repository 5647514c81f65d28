BEGIN { @["a"] = count(); exit(0); }
END { printa("%s %@d\n", @); }
