BEGIN { 1 + 1; "x"; printf("on\n"); exit(0); }
