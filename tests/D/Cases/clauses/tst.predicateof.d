BEGIN / 1 && 1 / { printf("x\n"); }
BEGIN/0||1/{ printf("y\n"); exit(0); }
