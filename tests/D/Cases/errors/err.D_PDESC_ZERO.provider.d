nothing:::here { exit(0); }
