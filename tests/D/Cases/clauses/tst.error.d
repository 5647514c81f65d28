int y;
BEGIN { x = 1 / y; }
ERROR { printf("fault %d\n", arg4); exit(0); }
