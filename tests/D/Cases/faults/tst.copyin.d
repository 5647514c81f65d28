BEGIN { trace(*(int *)copyin(0x2000, 4)); }
BEGIN { exit(0); }
