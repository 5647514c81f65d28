BEGIN { trace(`avenrun); }
