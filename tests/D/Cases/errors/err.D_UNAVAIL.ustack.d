BEGIN { ustack(1); }
