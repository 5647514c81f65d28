BEGIN { x = (1; }
