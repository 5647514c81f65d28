BEGIN { printf("%c", 5LL); }
