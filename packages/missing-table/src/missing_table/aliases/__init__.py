"""Other names of teams and clubs."""
