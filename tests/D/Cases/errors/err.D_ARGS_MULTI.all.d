iscsi*::: { trace(args[2]->ic_len); }
