BEGIN { printf("%d %d\n", $pid > 0, $ppid > 0); exit(0); }
