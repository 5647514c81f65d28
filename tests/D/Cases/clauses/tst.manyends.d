END { printf("1"); }
END { printf("2"); }
END { printf("3\n"); }
