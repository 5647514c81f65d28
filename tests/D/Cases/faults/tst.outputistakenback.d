int z;
BEGIN { printf("gone"); trace(1 / z); }
BEGIN { printf("there\n"); exit(0); }
