iscsi*:::*-command { @[probename] = count(); }
