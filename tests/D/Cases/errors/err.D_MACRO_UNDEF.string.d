BEGIN { trace($$2); }
