BEGIN { x = *(int *)0x1000; }
BEGIN { exit(0); }
