BEGIN { stack(1); }
