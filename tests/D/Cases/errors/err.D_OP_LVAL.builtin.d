BEGIN { timestamp = 5; }
