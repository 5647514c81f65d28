BEGIN { @ = lquantize(1, 0, 100000000, 1); }
