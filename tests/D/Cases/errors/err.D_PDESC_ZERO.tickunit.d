tick-5weeks { exit(0); }
