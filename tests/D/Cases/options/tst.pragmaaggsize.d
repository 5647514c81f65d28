#pragma D option aggsize=1M
BEGIN { printf("x\n"); exit(0); }
