#pragma D option dynvarsize=2k
BEGIN { printf("x\n"); exit(0); }
