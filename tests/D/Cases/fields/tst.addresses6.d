/* run: -q -r ipv6.pcap */
iscsi*:::data-send { @[args[0]->ci_local, args[0]->ci_remote, args[0]->ci_protocol] = count(); }
