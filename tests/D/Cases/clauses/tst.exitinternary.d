BEGIN { 0 ? exit(1) : exit(0); }
