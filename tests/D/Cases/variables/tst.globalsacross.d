BEGIN { n = 4; }
BEGIN { n *= 2; }
END { printf("%d\n", n); }
BEGIN { exit(0); }
