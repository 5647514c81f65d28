/* args: extra */
BEGIN { exit(0); }
