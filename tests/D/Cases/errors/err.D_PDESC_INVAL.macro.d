iscsi$nothing::: { exit(0); }
