int z;
BEGIN /1 / z/ { printf("no\n"); }
BEGIN { exit(0); }
