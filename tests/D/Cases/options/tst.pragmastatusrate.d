#pragma D option statusrate=5s
BEGIN { printf("x\n"); exit(0); }
