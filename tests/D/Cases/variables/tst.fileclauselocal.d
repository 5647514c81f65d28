BEGIN { this->s = "x"; }
BEGIN { printf("%s\n", this->s); exit(0); }
