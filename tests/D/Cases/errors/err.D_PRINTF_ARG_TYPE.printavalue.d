BEGIN { @ = count(); printa("%@s", @); }
