/* args: 0x10 */
BEGIN { printf("%s %d\n", $$1, $1); exit(0); }
