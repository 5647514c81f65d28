#pragma D option flowindent=off
BEGIN { printf("x\n"); exit(0); }
