"""The servers of the stack: one module each says how a private instance is laid out, started and known to be ready."""
