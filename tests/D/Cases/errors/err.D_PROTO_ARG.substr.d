BEGIN { s = substr(5, 1); }
