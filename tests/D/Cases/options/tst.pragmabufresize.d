#pragma D option bufresize=manual
BEGIN { printf("x\n"); exit(0); }
