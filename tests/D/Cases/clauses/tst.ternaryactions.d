BEGIN { x = 2; x == 1 ? printf("one\n") : x == 2 ? printf("two\n") : printf("many\n"); exit(0); }
