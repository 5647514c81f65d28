BEGIN { tracemem(0, 99999999); exit(0); } ERROR { printf("%d\n", arg4); exit(3); }
