BEGIN { @x = strlen("a"); }
