BEGIN { trace(curproc); }
