int z;
BEGIN { x = 5 % z; }
BEGIN { exit(0); }
