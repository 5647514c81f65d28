BEGIN { printf("%", 5); }
