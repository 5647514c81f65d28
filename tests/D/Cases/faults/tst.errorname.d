int z;
BEGIN { x = 1 / z; }
ERROR { printf("%s:%s\n", probeprov, probename); exit(0); }
