BEGIN { printf("%d\n", strlen($$0) > 0); exit(0); }
