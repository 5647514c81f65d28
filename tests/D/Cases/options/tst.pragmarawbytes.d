#pragma D option rawbytes=disable
BEGIN { printf("x\n"); exit(0); }
