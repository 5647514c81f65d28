BEGIN { x = (int *)alloca(4); *(x + 100) = 5; exit(0); } ERROR { printf("%d\n", arg4); exit(3); }
