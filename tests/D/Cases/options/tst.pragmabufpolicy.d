#pragma D option bufpolicy=switch
BEGIN { printf("x\n"); exit(0); }
