fbt:idm:idm_pdu_rx:entry { exit(0); }
