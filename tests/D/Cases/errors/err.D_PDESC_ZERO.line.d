BEGIN { x = 1; }

nothing:::x
{ exit(0); }
