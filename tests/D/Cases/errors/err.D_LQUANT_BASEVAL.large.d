BEGIN { @ = lquantize(1, 4294967296, 4294967297); }
