BEGIN { tracemem("x", 4); }
