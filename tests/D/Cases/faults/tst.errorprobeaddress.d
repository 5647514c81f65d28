BEGIN { x = *(int *)0x1000; }
ERROR { printf("%d %x\n", arg4, arg5); exit(0); }
