"""Hand messages over: to the queue, or into the outbox where the broker does not take them."""

import asyncio
from pathlib import Path

import structlog

from match_contract import message_id
from match_scraper_agent.broker import Refused, Undelivered
from match_scraper_agent.messages import Payload
from match_scraper_agent.outbox import Outbox
from match_scraper_agent.publisher import Courier
from match_scraper_agent.telling import RunLog

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Delivery:
    """The way out of a run. A broker that failed once is not tried again. Without a courier nothing may be sent."""

    def __init__(self, courier: Courier | None, outbox: Outbox | None, told: RunLog) -> None:
        self.courier = courier
        self.outbox = outbox
        self._told = told
        self._broker_failed: str | None = None

    @property
    def dry_run(self) -> bool:
        """Return True where nothing may be written: there is no courier."""
        return self.courier is None

    @property
    def in_outbox(self) -> int:
        """Return how many messages lie on disk: those that wait for the next run, and those that nobody will send."""
        return len(self.outbox.files()) + len(self.outbox.aside()) if self.outbox is not None else 0

    def broker_is_down(self, why: str) -> None:
        """Send everything to the outbox from here on."""
        self._broker_failed = why
        self._told.hold(why)

    async def deliver(self, message: Payload) -> bool:
        """Send a message or put it into the outbox; returns False where it waits."""
        if self.courier is None or self.outbox is None:
            raise RuntimeError("a dry run delivers nothing")
        refused: Refused | None = None
        if self._broker_failed is None:
            try:
                await asyncio.to_thread(self.courier.send, message)
                return True
            except Refused as error:
                refused = error
                log.error("publish.refused", message_id=message_id(message), error=str(error))
            except Undelivered as error:
                self.broker_is_down(str(error))
                log.error("publish.failed", message_id=message_id(message), error=str(error))
        try:
            file = await asyncio.to_thread(self.outbox.keep, message)
            if refused is not None:
                self._set_aside(self.outbox, file, refused)
        except Undelivered as error:
            self._told.hold(str(error))
        return False

    def _set_aside(self, outbox: Outbox, file: Path, error: Refused) -> None:
        aside = outbox.set_aside(file)
        self._told.hold(f"{error}; it is not sent again and lies in {aside}")

    async def send_outbox(self) -> list[Payload]:
        """Send what an earlier run could not; returns what went."""
        if self.courier is None or self.outbox is None or self._broker_failed is not None:
            return []
        if aside := self.outbox.aside():
            self._told.warn(f"{len(aside)} messages lie aside in {self.outbox.folder}: look at them, then delete")
        sent: list[Payload] = []
        for file, message in self.outbox.waiting():
            try:
                await asyncio.to_thread(self.courier.send, message)
            except Refused as error:
                self._set_aside(self.outbox, file, error)
                continue
            except Undelivered as error:
                self.broker_is_down(str(error))
                break
            file.unlink()
            sent.append(message)
        if sent:
            self._told.warn(f"{len(sent)} messages of an earlier run were still in the outbox and have been sent")
        return sent
