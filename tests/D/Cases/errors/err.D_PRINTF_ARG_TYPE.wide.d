BEGIN { printf("%ws", "x"); }
