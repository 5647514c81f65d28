BEGIN{printf("x\n");exit(0)}END{printf("y\n")}
