BEGIN /(6 / 3) == 2/ { printf("x\n"); exit(0); }
