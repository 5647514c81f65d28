dtrace::: { printf("%s\n", probename); }
