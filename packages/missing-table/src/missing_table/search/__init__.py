"""Search over clubs, teams, tables and venues."""
