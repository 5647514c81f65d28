#pragma D option aggsortkeypos=1
BEGIN { printf("x\n"); exit(0); }
