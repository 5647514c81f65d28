/* run: -q -r nops.pcap -m iscsitop{@=count()} */
END { x = 1; }
