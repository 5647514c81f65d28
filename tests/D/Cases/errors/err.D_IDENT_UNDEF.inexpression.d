BEGIN { x = 1 + nothing; }
