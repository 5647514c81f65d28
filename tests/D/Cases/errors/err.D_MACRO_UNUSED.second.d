/* args: 1 b */
BEGIN { trace($1); exit(0); }
