int y;
BEGIN { printf("before"); x = 1 / y; printf("after"); }
BEGIN { printf("next\n"); exit(0); }
