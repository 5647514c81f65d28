BEGIN { printf("%q", 5); }
