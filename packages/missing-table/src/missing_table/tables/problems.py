"""What is wrong with a request for a bracket."""

from missing_table.web.problems import NotFound


def no_bracket(bracket_id: int) -> NotFound:
    return NotFound(f"There is no bracket {bracket_id}: /api/brackets lists them.")
