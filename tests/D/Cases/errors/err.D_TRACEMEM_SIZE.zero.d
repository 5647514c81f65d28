BEGIN { tracemem(alloca(4), 0); }
