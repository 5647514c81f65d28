BEGIN { jstack(1); }
