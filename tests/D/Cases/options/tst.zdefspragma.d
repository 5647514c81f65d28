#pragma D option zdefs
nothing:::here { printf("no\n"); }
BEGIN { printf("yes\n"); exit(0); }
