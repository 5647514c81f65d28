BEGIN { printf("%d\n", `hp_avenrun[0] / 65536 < 100000); exit(0); }
