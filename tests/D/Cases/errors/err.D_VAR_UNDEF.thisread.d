BEGIN { x = this->a; }
