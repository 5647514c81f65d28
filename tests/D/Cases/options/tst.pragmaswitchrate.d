#pragma D option switchrate=10hz
BEGIN { printf("x\n"); exit(0); }
