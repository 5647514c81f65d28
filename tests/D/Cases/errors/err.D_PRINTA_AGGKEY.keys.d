BEGIN { @a["x"] = count(); @b = count(); printa(@a, @b); }
