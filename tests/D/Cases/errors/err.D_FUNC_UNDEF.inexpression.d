BEGIN { x = nothing(1); }
