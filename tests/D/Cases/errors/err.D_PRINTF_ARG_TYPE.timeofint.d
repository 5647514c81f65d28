BEGIN { printf("%Y", 5); }
