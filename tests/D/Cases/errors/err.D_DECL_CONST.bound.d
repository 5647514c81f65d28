struct s { int a[timestamp]; };
BEGIN { exit(0); }
