BEGIN { printa("x", 5); }
