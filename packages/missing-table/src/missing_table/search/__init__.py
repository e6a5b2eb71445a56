"""Search over clubs, teams and venues."""
