nothing { exit(0); }
