#pragma D option cleanrate=100ms
BEGIN { printf("x\n"); exit(0); }
