"""Who asks: service keys, sign-ins, roles."""
