#pragma D option wombats
BEGIN { exit(0); }
