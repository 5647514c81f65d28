BEGIN { this->a = alloca(1000000000); }
BEGIN { exit(0); }
