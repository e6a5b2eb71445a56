"""A stand-in for Supabase's sign-in (GoTrue), which is not to be had here: passwords, tokens, keys that rotate."""
