BEGIN { copyoutstr(1); }
