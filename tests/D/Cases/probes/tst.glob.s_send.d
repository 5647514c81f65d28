*-send { @ = count(); }
