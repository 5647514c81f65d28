/* run: -q -r ipv6.pcap */
iscsi*:::login-command { printf("%s\n", args[0]->ci_protocol); }
