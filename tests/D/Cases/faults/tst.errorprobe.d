int z;
BEGIN { x = 1 / z; }
ERROR { printf("%d %d %d\n", arg1, arg2, arg4 == DTRACEFLT_DIVZERO); exit(0); }
