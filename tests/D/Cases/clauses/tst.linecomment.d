BEGIN { /* one */ printf("x\n"); /*
 * two
 */ exit(0); }
