1 { printf("%s\n", probename); exit(0); }
