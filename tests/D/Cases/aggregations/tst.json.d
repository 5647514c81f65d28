/* run: -q -o ndjson -r nops.pcap */
BEGIN { @a["x", 5] = sum(7); @b = avg(4); @q["y"] = quantize(5); exit(0); }
