BEGIN { printf("%d %d\n", $uid == $euid, $gid == $egid); exit(0); }
