#pragma ident "@(#)x.d 1.1 07/07/03"
BEGIN { printf("x\n"); exit(0); }
