#pragma D wombats
BEGIN { exit(0); }
