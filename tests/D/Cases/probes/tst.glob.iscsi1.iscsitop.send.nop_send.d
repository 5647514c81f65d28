iscsi1:iscsitop:send:nop-send { @ = count(); }
