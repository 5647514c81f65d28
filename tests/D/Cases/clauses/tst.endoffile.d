END { printf("end\n"); }
