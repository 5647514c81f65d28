BEGIN { raise(1); }
