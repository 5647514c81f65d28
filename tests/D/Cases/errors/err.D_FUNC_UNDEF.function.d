BEGIN { nothing(1); }
