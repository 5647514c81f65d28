BEGIN { ; ; exit(0); ; }
