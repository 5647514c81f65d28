int z;
BEGIN { a = 1; b = 2; c = a / z; }
BEGIN { printf("%d\n", b); exit(0); }
