BEGIN { x = alloca(16); bcopy(x, x, -1); exit(0); } ERROR { printf("%d\n", arg4); exit(3); }
