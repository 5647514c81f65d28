#pragma D option defaultargs
BEGIN { printf("[%s]\n", $$1); exit(0); }
