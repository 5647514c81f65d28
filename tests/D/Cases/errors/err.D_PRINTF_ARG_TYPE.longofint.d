BEGIN { printf("%ld", 5); }
