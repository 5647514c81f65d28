/* run: -q -Z -r nops.pcap */
iscsi*:::, http*:::, cifs::: { @[args[0]->ci_remote] = count(); }
