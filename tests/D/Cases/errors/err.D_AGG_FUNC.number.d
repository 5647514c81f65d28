BEGIN { @x = 5; }
