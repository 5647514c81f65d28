BEGIN { trace(5); trace("x"); exit(0); }
