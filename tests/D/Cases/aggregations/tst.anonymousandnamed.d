BEGIN { @ = count(); @x = sum(3); exit(0); }
