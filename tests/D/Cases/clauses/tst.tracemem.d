BEGIN { this->a = (uint8_t *)alloca(20); this->a[1] = 65; this->a[16] = 255; tracemem(this->a, 20); exit(0); }
