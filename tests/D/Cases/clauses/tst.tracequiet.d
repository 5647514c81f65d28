BEGIN { trace((char)1); trace((short)2); trace(3); trace(-4LL); trace("x"); exit(0); }
