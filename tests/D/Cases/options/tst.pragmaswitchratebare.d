#pragma D option switchrate=10
BEGIN { printf("x\n"); exit(0); }
