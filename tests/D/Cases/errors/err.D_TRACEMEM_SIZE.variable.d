BEGIN { x = 1; tracemem(alloca(4), x); }
