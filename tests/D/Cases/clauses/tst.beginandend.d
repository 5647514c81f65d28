dtrace:::BEGIN { printf("b\n"); }
dtrace:::END { printf("e\n"); }
