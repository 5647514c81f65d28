#pragma D option temporal=yes
BEGIN { printf("x\n"); exit(0); }
