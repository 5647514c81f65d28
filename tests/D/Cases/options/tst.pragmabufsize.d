#pragma D option bufsize=4m
BEGIN { printf("x\n"); exit(0); }
