BEGIN { x = *(int *)0; }
BEGIN { exit(0); }
