BEGIN { alloca(0x7fffffffffffffff); exit(0); } ERROR { printf("%d\n", arg4); exit(3); }
