int z;
BEGIN { @ = count(); x = 1 / z; }
BEGIN { exit(0); }
