"""Hold receipts as they come in, between the thread that hears them and the one that waits for them."""

import threading
from collections.abc import Iterable

from match_contract import Receipt


class Replies:
    """Receipts as they come in, from whatever thread brings them."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._found: dict[str, Receipt] = {}
        self._failed: dict[str, str] = {}

    def put(self, receipt: Receipt) -> None:
        with self._news:
            self._found[receipt.message_id] = receipt
            self._news.notify_all()

    def fail(self, message_id: str, reason: str) -> None:
        """Take that the worker gave a message up: it lies among the dead letters."""
        with self._news:
            self._failed[message_id] = reason
            self._news.notify_all()

    def take(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
        """Return the receipts that are there, at the first news of one that is wanted or after `wait_s`."""
        names = set(wanted)

        def answered() -> int:
            return len(names & (self._found.keys() | self._failed.keys()))

        with self._news:
            before = answered()
            if before < len(names):
                self._news.wait_for(lambda: answered() > before, wait_s)
            return {name: self._found[name] for name in names & self._found.keys()}

    def failures(self, wanted: Iterable[str]) -> dict[str, str]:
        """Return why messages cannot land, of those that the worker gave up on."""
        with self._news:
            return {name: self._failed[name] for name in wanted if name in self._failed}
