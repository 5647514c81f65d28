#pragma D option stackframes=5
BEGIN { printf("x\n"); exit(0); }
