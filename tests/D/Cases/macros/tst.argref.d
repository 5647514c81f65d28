/* args: unused */
#pragma D option argref
BEGIN { printf("x\n"); exit(0); }
