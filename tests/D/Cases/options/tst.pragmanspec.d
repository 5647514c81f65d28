#pragma D option nspec=4
BEGIN { printf("x\n"); exit(0); }
