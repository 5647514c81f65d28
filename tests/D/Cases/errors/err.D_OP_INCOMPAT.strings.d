BEGIN { x = "a" == 5; }
