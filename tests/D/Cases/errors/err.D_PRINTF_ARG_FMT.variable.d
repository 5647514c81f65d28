BEGIN { s = "x"; printf(s); }
