"""The message: what the reader and the database say to each other."""
