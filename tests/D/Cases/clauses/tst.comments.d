/* a "quote in a comment */
BEGIN /* here */ { /* and * here */ printf("x\n"); exit(0); }
