BEGIN { normalize(@x, 1); }
