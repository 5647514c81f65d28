BEGIN { @["x"] = count(); printa("%d %@d", @); }
