BEGIN /0/ { printf("no"); }
BEGIN /1/ { printf("yes\n"); exit(0); }
