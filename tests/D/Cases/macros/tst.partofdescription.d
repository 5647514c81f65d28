/* args: 1 receive */
iscsi$1:::nop-$2 { @ = count(); }
