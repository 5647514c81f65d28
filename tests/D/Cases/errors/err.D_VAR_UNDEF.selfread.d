BEGIN { x = self->a; }
