BEGIN { s = strjoin("a"); }
