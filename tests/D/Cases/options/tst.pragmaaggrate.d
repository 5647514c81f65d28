#pragma D option aggrate=1sec
BEGIN { printf("x\n"); exit(0); }
