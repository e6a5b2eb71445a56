"""Wait longer each time: the pauses between attempts, doubling up to a limit, each shortened by chance."""

import random


class Backoff:
    """The pauses of one series of attempts, in seconds. Half of each is left to chance, so that many do not meet."""

    def __init__(self, first_s: float, most_s: float) -> None:
        self._next_s, self._most_s = first_s, most_s

    def next_s(self) -> float:
        """Return the next pause; the one after it is twice as long, up to the limit."""
        longest = self._next_s
        self._next_s = min(self._most_s, 2 * longest)
        return random.uniform(longest / 2, longest)  # noqa: S311 - no secret
